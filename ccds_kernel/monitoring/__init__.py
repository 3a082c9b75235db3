"""Whether a deployed model still works: each prediction beside its final report, counted, published without patient data."""
