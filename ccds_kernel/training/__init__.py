"""Training: a MONAI bundle as a batch job, followed by its files, stopped on NaN, resumed from its last checkpoint.

`spec`, `metrics`, `state` and `record` are pure; `datalist`, `bundle`, `folder` read and write; `launch` and `run` are what the
command line and notebooks use. `inside` runs within the job and alone imports torch and MONAI.

Everything about a run is in its folder and in the scheduler, nothing in a process, so closing a notebook stops nothing and
another one reattaches by the run's id. Rejected: a tracking server (one more service to keep, and it knows nothing of
jobs), and callbacks into the notebook (they end with it).
"""
