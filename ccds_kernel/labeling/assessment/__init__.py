"""How good labelers and soft labels are: agreement, the gold set, drift, pace, error of soft labels, what to adjudicate."""
