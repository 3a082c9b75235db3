"""Study keys: stable in a project, different between projects, and no way back to the accession number."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.irb.study_key import study_key, study_key_secret
from ccds_kernel.store.store import open_store

SECRETS = st.binary(min_size=32, max_size=32)
ACCESSIONS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=64)


@pytest.fixture
def stores(tmp_path):
    """Two projects' databases."""
    found = [open_store(tmp_path / f"{name}.db") for name in ("one", "other")]
    yield found
    for store in found:
        store.close()


@given(SECRETS, ACCESSIONS)
def test_a_study_key_fits_into_paths_and_urls(secret, accession):
    """16 characters of lower-case letters and digits, the same each time."""
    key = study_key(secret, accession)

    assert re.fullmatch(r"[a-z2-7]{16}", key)
    assert study_key(secret, accession) == key


@given(SECRETS, SECRETS, ACCESSIONS, ACCESSIONS)
def test_another_secret_or_accession_is_another_key(secret, other_secret, accession, other):
    """Keys of two projects can't be joined; keys of two studies don't clash."""
    if secret != other_secret:
        assert study_key(secret, accession) != study_key(other_secret, accession)
    if accession != other:
        assert study_key(secret, accession) != study_key(secret, other)


def test_a_study_key_is_the_keyed_hash_that_it_says_it_is():
    """HMAC-SHA256: the digest that RFC 4231 publishes for its second test case, cut to 80 bits."""
    assert study_key(b"Jefe", "what do ya want for nothing?") == "lpomcrv7mb2u42qe"


def test_a_project_s_secret_is_made_once(stores, tmp_path):
    """The same from then on, also for another process; 256 bits, another one in each project."""
    one, other = stores
    again = open_store(tmp_path / "one.db")

    secrets = [study_key_secret(one), study_key_secret(one), study_key_secret(again)]

    again.close()
    assert len(set(secrets)) == 1
    assert len(secrets[0]) == 32
    assert study_key_secret(other) != secrets[0]


def test_a_secret_that_many_ask_for_at_once_is_one(stores):
    """Whoever comes second takes what the first one made."""
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(study_key_secret, [stores[0]] * 8))

    assert len(secrets) == 1


def test_asking_for_the_secret_needs_no_lock(stores):
    """Once it is there it is only read: nobody waits while somebody else writes."""
    store = stores[0]
    secret = study_key_secret(store)

    with store.writing():
        meanwhile = study_key_secret(store)

    assert meanwhile == secret
