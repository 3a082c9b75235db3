// Reports have no formulas; Voilà wants an address for MathJax, and this one is ours.
