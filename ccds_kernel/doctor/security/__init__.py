"""How well a site is locked: one table of checks, a file for each family; each looks only, starts and changes nothing.

What a site lacks is WRONG where people on other machines reach its hub, and WEAK where only this machine does, as in the demo.
"""
