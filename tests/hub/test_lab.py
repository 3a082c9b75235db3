"""A lab session: what it has, what it knows, what is left of it."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import requests

from ccds_kernel.batch.spec import PriorityClass
from support.demo import APP, LAB, Demo, processes_of
from support.waiting import until

pytestmark = pytest.mark.hub
Clients = Callable[[str], requests.Session]


def server_of(demo: Demo, session: str) -> psutil.Process:
    """The process of the session's server."""
    found = processes_of(demo.folder, f"CCDS_SESSION={session}", "jupyterhub.singleuser")
    return found[0]


@pytest.mark.usefixtures("lab")
def test_it_has_one_gpu_slot_and_its_own_folder(demo: Demo) -> None:
    """CUDA_VISIBLE_DEVICES is the one slot that the scheduler granted; it works in work/<person>, closed to others."""
    server, job = server_of(demo, LAB), demo.job("sam", LAB)

    environment, home = server.environ(), demo.folder / "projects" / "HEADCT-2026" / "work" / "sam"

    assert job
    assert (environment["CUDA_VISIBLE_DEVICES"],) == job.gpus_granted
    assert environment["CUDA_VISIBLE_DEVICES"] in {"0", "1", "2", "3"}
    assert (server.cwd(), environment["HOME"]) == (str(home), str(home))
    assert home.stat().st_mode & 0o777 == 0o700
    assert environment["CCDS_PROJECT"] == "HEADCT-2026"


@pytest.mark.usefixtures("lab", "app")
def test_it_knows_no_secret_but_its_own(demo: Demo) -> None:
    """Its environment has its own token; not another session's, not the proxy's, not the hub's cookie secret."""
    state = demo.folder / "state"
    mine, other = (server_of(demo, session).environ() for session in (LAB, APP))
    secrets = {
        other["JUPYTERHUB_API_TOKEN"], (state / "proxy_token").read_text(), (state / "cookie_secret").read_text().strip(),
        *demo.passwords.values(),
    }  # fmt: skip

    known = [name for name, value in mine.items() for secret in secrets if secret in value]

    assert known == []
    assert mine["JUPYTERHUB_API_TOKEN"] != other["JUPYTERHUB_API_TOKEN"]
    assert not {"CONFIGPROXY_AUTH_TOKEN", "JPY_COOKIE_SECRET", "JUPYTERHUB_CRYPT_KEY"} & mine.keys()


def test_code_has_no_token_of_its_server(demo: Demo, lab: str) -> None:
    """Neither a kernel nor a terminal, so that it asks the hub for nothing in the server's name; the server itself has it."""
    headers = {"Authorization": f"token {demo.token(LAB)}"}
    for kind in ("kernels", "terminals"):
        assert requests.post(f"{lab}api/{kind}", json={}, headers=headers, timeout=30).ok
    found = [
        until(lambda words=words: processes_of(demo.folder, f"CCDS_SESSION={LAB}", words), words)[0].environ()
        for words in ("ccds_kernel.session.kernel", "JUPYTER_SERVER_ROOT=")
    ]

    token = server_of(demo, LAB).environ()["JUPYTERHUB_API_TOKEN"]

    assert not any(token in value for environment in found for value in environment.values())
    assert all(environment["CCDS_SESSION"] == LAB for environment in found)


def test_another_person_can_not_open_it(client: Clients, lab: str) -> None:
    """Not fay, not lee; not with their cookies, on any page."""
    pages = ("lab", "api/contents", "api/kernels")

    answers = [client(person).get(f"{lab}{page}", timeout=20) for person in ("fay", "lee") for page in pages]

    assert {answer.status_code for answer in answers} == {403}


def test_another_node_waits_behind_everybody_s_first(demo: Demo, client: Clients, lab: str) -> None:
    """The second lab session of a person has class SECOND, and its form says so."""
    further = f"{LAB}-2"
    assert lab

    form = client("sam").get(f"{demo.url}/hub/spawn/sam/{further}", timeout=20)
    demo.start(client("sam"), "sam", further, {"gpus": 0})
    classes = [demo.job("sam", session).priority_class for session in (LAB, further)]
    demo.stop(client("sam"), "sam", further)

    assert classes == [PriorityClass.FIRST, PriorityClass.SECOND]
    assert "This will be your second node: low priority." in form.text


def test_a_stop_ends_every_process(demo: Demo, client: Clients) -> None:
    """The server, its kernels and what they started, and the job."""
    sam, session = client("sam"), f"{LAB}-3"
    url = demo.start(sam, "sam", session, {"gpus": 0})
    headers = {"Authorization": f"token {demo.token(session)}"}
    kernel = requests.post(f"{url}api/kernels", json={"name": "python3"}, headers=headers, timeout=30)
    until(lambda: processes_of(demo.folder, f"CCDS_SESSION={session}", "ipykernel"), "the kernel")

    demo.stop(sam, "sam", session)

    assert kernel.status_code == 201
    assert processes_of(demo.folder, f"CCDS_SESSION={session}") == []
    assert demo.job("sam", session) is None
    assert sam.get(f"{url}api", timeout=20, allow_redirects=False).status_code in {302, 404, 424, 503}


def test_a_start_can_be_called_off(demo: Demo, client: Clients) -> None:
    """While it starts: no job and no process is left."""
    sam, session = client("sam"), f"{LAB}-4"
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(demo.login("sam").post, demo.api("sam", session), json={}, timeout=60)
        until(lambda: demo.job("sam", session), "the job")

        answer = sam.delete(demo.api("sam", session), timeout=60)
        starting.result(60)

    assert answer.status_code in {202, 204}
    until(lambda: demo.job("sam", session) is None, "the job to end")
    until(lambda: not processes_of(demo.folder, f"CCDS_SESSION={session}"), "the processes to end")
    assert not demo.is_ready(sam, "sam", session)


def test_a_session_that_waits_says_why(demo: Demo, client: Clients) -> None:
    """Nothing is free: the page's progress has the scheduler's reason; called off, it never ran."""
    sam, session = client("sam"), f"{LAB}-5"
    holder = demo.start(sam, "sam", f"{LAB}-6", {"gpus": 3})
    started = sam.post(demo.api("sam", session), json={"user_options": {"gpus": 4}}, timeout=60)

    with sam.get(f"{demo.url}/hub/api/users/sam/servers/{session}/progress", stream=True, timeout=30) as progress:
        lines = (line for line in progress.iter_lines(decode_unicode=True) if "place" in line or "failed" in line)
        line = next(lines)
    waiting = demo.job("sam", session)
    sam.delete(demo.api("sam", session), timeout=60)
    until(lambda: demo.job("sam", session) is None, "the job to be gone")
    demo.stop(sam, "sam", f"{LAB}-6")

    assert holder
    assert started.status_code == 202
    assert "place 1 in the queue: " in line
    assert waiting.started is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"port": 80}', 400), (b'{"port": 65536}', 400), (b'{"port": -1}', 400), (b'{"port": true}', 400),
        (b'{"port": "8888"}', 400), (b'{"port": 8888.0}', 400), (b"{}", 400), (b"[]", 400), (b"null", 400), (b"", 400),
        (b"{", 400), (b"\xff\xfe", 400), (b'{"port": 1e400}', 400), (b"[" * 5000, 400),
    ],
)  # fmt: skip
def test_junk_is_no_port(demo: Demo, starting: str, body: bytes, status: int) -> None:
    """Even with the right token, while the session starts; the start goes on."""
    answer = report(demo, starting, body)

    assert (answer.status_code, "Traceback" in answer.text) == (status, False)


def report(demo: Demo, token: str, body: bytes = b'{"port": 8888}', **more) -> requests.Response:
    """Reports a port as a session would."""
    headers = {"Authorization": f"token {token}".encode("latin-1"), "Content-Type": "application/json"}
    return requests.post(f"{demo.url}/hub/api/ccds/session-port", data=body, headers=headers, timeout=20, **more)


@pytest.fixture(scope="module")
def starting(demo: Demo, client: Clients):
    """The token of a session that starts and won't be up: its job waits for more GPUs than are free."""
    sam, holder, waiter = client("sam"), f"{LAB}-7", f"{LAB}-8"
    demo.start(sam, "sam", holder, {"gpus": 3})
    sam.post(demo.api("sam", waiter), json={"user_options": {"gpus": 4}}, timeout=60)
    job = until(lambda: demo.job("sam", waiter), "the job")
    with demo.scheduler._table.read() as table:
        ((environment,),) = table.execute("SELECT env FROM job WHERE id = ?", (job.id,)).fetchall()
    yield re.search(r'"JUPYTERHUB_API_TOKEN": "([^"]+)"', environment)[1]
    assert demo.job("sam", waiter), "a report ended the start"
    sam.delete(demo.api("sam", waiter), timeout=60)
    until(lambda: demo.job("sam", waiter) is None, "the job to be gone")
    demo.stop(sam, "sam", holder)


def test_other_tokens_report_no_port(demo: Demo, client: Clients, starting: str, app: str) -> None:
    """Not a session that is up, not a person's cookie, not a token of odd letters, not none: 403, one line."""
    assert starting
    assert app
    sam = client("sam")
    tokens = [demo.token(APP), "nonsense", "", "\xe9" * 40, starting + "x"]

    answers = [report(demo, token) for token in tokens]
    answers += [report(demo, token, cookies=sam.cookies) for token in ("", "\xe9" * 40, "nonsense")]
    answers += [sam.post(f"{demo.url}/hub/api/ccds/session-port", json={"port": 8888}, timeout=20)]

    assert [answer.status_code for answer in answers] == [403] * len(answers)
    assert not any("Traceback" in answer.text for answer in answers)
