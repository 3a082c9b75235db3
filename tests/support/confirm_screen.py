"""What a page of the confirming screen sends."""

from uuid import uuid4


def key_of(study, kind="confirm", **parts):
    """What a page sends for one key."""
    return {"id": str(uuid4()), "lease": study["lease"], "study": study["key"], "kind": kind, "seconds": 1.5, **parts}


def sync(screen, batch, *sent, have=()):
    """Sends keys of a batch that is on the screen."""
    named = [{"batch": batch.id, **key} for key in sent]
    return screen.answer({"kind": "sync", "batch": batch.id, "keys": named, "have": list(have)})
