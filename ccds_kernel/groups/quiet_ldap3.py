"""ldap3, imported without the warnings that its own imports set off: version 2.9 uses old names of pyasn1."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import ldap3
    from ldap3.core import exceptions
    from ldap3.core.results import RESULT_SUCCESS
    from ldap3.utils.conv import escape_filter_chars

__all__ = ["RESULT_SUCCESS", "escape_filter_chars", "exceptions", "ldap3"]
