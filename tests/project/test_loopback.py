"""The names of this machine, which several parts must agree on."""

from urllib.parse import urlsplit

import pytest

from stackdocs_mcp.auth.providers import is_fit
from stackdocs_mcp.choices import address
from stackdocs_mcp.cli.serving import check_http
from stackdocs_mcp.http.places import hosts_of
from stackdocs_mcp.loopback import HOSTS, is_secure
from stackdocs_mcp.ocr.mistral import MistralEngine
from stackdocs_mcp.settings import Settings


@pytest.mark.requirement("KEYS-10")
@pytest.mark.parametrize("host", sorted(HOSTS))
def test_this_machine_goes_by_the_same_names_everywhere(host: str) -> None:
    named = f"[{host}]" if ":" in host else host
    said = f"http://{named}:4711"

    assert is_secure(urlsplit(said))
    assert is_fit(said)
    assert address(said) == said
    assert f"{named}:4711" in hosts_of("https://public.example", 4711)
    MistralEngine("key", url=said)
    check_http(Settings(host=host))


@pytest.mark.requirement("KEYS-10")
@pytest.mark.parametrize(
    "said", ["http://127.0.0.2", "http://localhost.example", "ftp://localhost"]
)
def test_no_other_name_is_this_machine(said: str) -> None:
    assert not is_secure(urlsplit(said))
    assert not is_fit(said)
    with pytest.raises(ValueError, match="https"):
        MistralEngine("key", url=said)
