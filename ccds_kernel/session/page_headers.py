"""Headers that every page of the site carries, hub and sessions alike; what it may load stands in a policy of its own kind.

`Cross-Origin-Opener-Policy` isn't among them: a browser shows nothing that is in a sandbox and has one, see `page_policy`.
`Referrer-Policy` keeps addresses, which hold project ids, from other sites; the hub's own forms need theirs. No page uses a
camera or asks where it is.
"""

from __future__ import annotations

PAGE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), display-capture=()",
}
