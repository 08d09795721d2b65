"""A stack of a person of the provider's, and a document in it."""

from stackdocs_mcp.core.binding import Role, StackId
from stackdocs_mcp.workspace.adding import add_document
from tests.oidc.provider import Provider
from tests.web.site import Site

READ, WRITE, ADMIN = "stack:read", "stack:write", "stack:admin"


async def stack_of(served: Site, provider: Provider, **others: Role) -> StackId:
    """A stack of Ada's. Others are members by the name that they sign in with."""
    ada = provider.user("ada")
    stack = await served.stack(ada)
    for person, role in others.items():
        await served.workspace(ada, stack).store.grant(provider.user(person), role)
    return stack


async def document(served: Site, provider: Provider, stack: StackId) -> str:
    path = served.files / "paper.txt"
    path.write_text("Invoice number: INV-2031\nTotal due 52.20\n")
    workspace = served.workspace(provider.user("ada"), stack)
    return (await add_document(workspace, str(path))).document.id
