// Reports have no formulas. Voilà loads MathJax from this address and configures it: what it calls is here, and does nothing.
window.MathJax = { Hub: { Config() {}, Configured() {}, Queue() {}, Register: { StartupHook() {} } } };
