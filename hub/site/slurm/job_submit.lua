-- Slurm's own part of the rule: a person's first node comes first, each further one far behind. It holds for whoever uses sbatch or
-- scontrol, whatever the hub does. Beside slurm.conf, with JobSubmitPlugins=lua; docs/slurm.md says how to check it.
--
-- * `interactive` takes one live job of each user, and none of who has a node already that runs in `second`. A further one goes to
--   `second`, which has a lower PriorityTier: it starts only when no first node that would fit waits.
-- * Many tasks at once, and jobs that may be put back into the queue, are batch work, and go to `batch`. A job that names no
--   partition is batch work.
-- * `app` has no GPUs to give.
-- * Nobody moves a job into `interactive` or `app`, or batch work out of `batch`, nor changes what the hub noted with it. root and
--   SlurmUser may: so the hub moves jobs, through its root helper, and a person's next node comes first when their first has ended.
--   (Slurm shows this function the list of jobs when one is submitted only: who has no first node can't be told from who has.)
--
-- Rejected: limits by QOS (they need slurmdbd), and doing it in the hub alone (an owner may move a waiting job by scontrol).

local FIRST, SECOND, BATCH, APP = "interactive", "second", "batch", "app"
local OURS = { [FIRST] = true, [SECOND] = true, [BATCH] = true, [APP] = true }
local MARK = "^ccds1:"
local OPERATORS = { [0] = true } -- root; add `[64030] = true` where 64030 is SlurmUser's number (id -u slurm)

local PENDING, RUNNING, SUSPENDED = 0, 1, 2
local FLAGS = 256 -- the state is what is left below Slurm's flags on it

local function is_live(job)
   local state = job.job_state % FLAGS
   return state == PENDING or state == RUNNING or state == SUSPENDED
end

-- The list of jobs is older than the jobs of this very second: Slurm makes it anew only when a job has changed in a later second than
-- that of the last list, and asks this script before it has made the job. So what went to FIRST is remembered by its user, with the
-- second and the list of that moment. (What waits in SECOND meanwhile and starts counts from the next list on: nobody else has asked for
-- anything before that.)
local granted = {}
local list, listed = nil, 0 -- the list of jobs, and the second in which this script first saw it
local MAKING = 5 -- seconds in which a job may be on its way into the list

local function look()
   if list ~= slurm.jobs then
      list, listed = slurm.jobs, os.time()
   end
   return list
end

local function grant(user)
   granted[user] = { at = os.time(), list = look() }
end

-- Whether a first node that this user was granted may be missing in the list.
local function is_missing(user)
   local it = granted[user]
   if it == nil then
      return false
   end
   for id, job in pairs(list) do
      local is_new = it.list[id] == nil and job.submit_time >= it.at
      if is_new and job.user_id == user and job.partition == FIRST then
         granted[user] = nil
         return false
      end
   end
   -- A list that was made in an earlier second than the grant would have been made anew for its job: there is none, as after --test-only.
   if it.list == list and listed >= it.at or os.time() - it.at < MAKING then
      return true
   end
   granted[user] = nil
   return false
end

-- Whether this user has a first node: one that lives in FIRST, or one that they have got in SECOND.
local function has_first(user)
   for _, job in pairs(look()) do
      if job.user_id == user and is_live(job) then
         local has_it = job.job_state % FLAGS ~= PENDING
         if job.partition == FIRST or job.partition == SECOND and has_it then
            return true
         end
      end
   end
   return is_missing(user)
end

local function refuse(words)
   slurm.log_user("ccds: " .. words)
   return slurm.ERROR
end

-- Every partition in a list, so that none hides behind another one.
local function names_several(partition)
   return partition:find(",") ~= nil
end

local function touches_ours(partition)
   for name in partition:gmatch("[^,]+") do
      if OURS[name] then
         return true
      end
   end
   return false
end

local function asks_for_gpus(request)
   for _, key in ipairs({ "gres", "tres_per_node", "tres_per_job", "tres_per_task", "tres_per_socket" }) do
      local value = request[key]
      if value ~= nil and value:find("gpu") or value ~= nil and value:find("shard") then
         return true
      end
   end
   return false
end

function slurm_job_submit(request, _, user)
   if request.partition == nil then
      request.partition = BATCH
   end
   local partition = request.partition
   if names_several(partition) and touches_ours(partition) then
      return refuse("name one partition, not several")
   end
   if not OURS[partition] then
      return slurm.SUCCESS
   end
   if partition ~= BATCH and (request.array_inx ~= nil or request.requeue == 1) then
      return refuse("many tasks, and jobs that may be requeued, belong into partition " .. BATCH)
   end
   if partition ~= BATCH and request.het_job_offset ~= nil and request.het_job_offset ~= slurm.NO_VAL then
      return refuse("a job of several components belongs into partition " .. BATCH)
   end
   if partition == APP and asks_for_gpus(request) then
      return refuse("partition " .. APP .. " has no GPUs; use " .. FIRST)
   end
   if partition == FIRST and not has_first(user) then
      grant(user)
   elseif partition == FIRST then
      request.partition = SECOND
      if request.comment ~= nil and request.comment:find(MARK) then
         request.comment = request.comment:gsub(":first:", ":second:", 1)
      end
      slurm.log_user("ccds: you have a node already, so this one is in partition " .. SECOND)
   end
   return slurm.SUCCESS
end

function slurm_job_modify(request, job, _, user)
   if OPERATORS[user] then
      if request.partition == FIRST then
         grant(job.user_id)
      end
      return slurm.SUCCESS
   end
   if request.comment ~= nil and job.comment ~= nil and job.comment:find(MARK) and request.comment ~= job.comment then
      return refuse("the comment of this job is the hub's")
   end
   local partition = request.partition
   if partition == nil or partition == job.partition or not (touches_ours(partition) or touches_ours(job.partition)) then
      return slurm.SUCCESS
   end
   if names_several(partition) then
      return refuse("name one partition, not several")
   end
   if partition == APP or job.partition == APP then
      return refuse("an app session stays one")
   end
   if partition == FIRST then
      return refuse("a waiting job isn't moved to partition " .. FIRST .. " by hand; the hub does it when it is your first node")
   end
   if partition ~= BATCH and job.partition == BATCH then
      return refuse("batch work stays in partition " .. BATCH)
   end
   return slurm.SUCCESS
end

return slurm.SUCCESS
