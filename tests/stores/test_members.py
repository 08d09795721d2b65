"""Members of a stack: what each may reach, and that it ends with the membership."""

from collections.abc import Awaitable, Callable

import pytest

from stackdocs_mcp.core.binding import Actor, Binding, Right, Role, StackId, UserId
from stackdocs_mcp.core.errors import InvalidArgument, MissingRight, NotFound, StackdocsError
from stackdocs_mcp.core.model import Document
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.core.stack import Policy, Stack
from stackdocs_mcp.core.tenancy import Membership
from tests.stores.builders import (
    ALICE,
    BOB,
    ENGINE,
    SteppingClock,
    added,
    binding,
    page,
    put,
    setting,
    values,
)

pytestmark = pytest.mark.anyio

CAROL = UserId("https://issuer.example.org/#carol")
NOWHERE = StackId("99b3a8a0-0000-4000-8000-000000000000")


def member(user: UserId, stack: Stack, role: Role) -> Binding:
    """A member of a stack of Alice's."""
    return Binding(user, stack.id, role.rights, Actor("agent", "claude"), ALICE)


async def joined(store: Store, repo: StackStore, stack: Stack, role: Role) -> StackStore:
    """Alice's stack for Bob, whom she has just made a member."""
    await repo.grant(BOB, role)
    return store.bind(member(BOB, stack, role))


@pytest.mark.requirement("TENANT-01")
async def test_whoever_makes_a_stack_is_its_owner(store: Store, stack: Stack) -> None:
    assert await store.membership(ALICE, stack.id) == Membership(stack.id, ALICE, Role.OWNER)


@pytest.mark.requirement("TENANT-01")
@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
async def test_a_member_has_the_role_that_was_given_in_the_owners_stack(
    store: Store, repo: StackStore, stack: Stack, role: Role
) -> None:
    await repo.grant(BOB, role)

    assert await store.membership(BOB, stack.id) == Membership(stack.id, ALICE, role)


@pytest.mark.requirement("TENANT-02")
async def test_no_membership_is_the_same_whether_the_stack_is_foreign_or_unknown(
    store: Store, stack: Stack
) -> None:
    assert await store.membership(BOB, stack.id) is None
    assert await store.membership(BOB, NOWHERE) is None
    assert await store.membership(BOB, StackId("../../etc\0")) is None


@pytest.mark.requirement("TENANT-03")
async def test_the_members_are_listed_with_the_owner_first(
    repo: StackStore, clock: SteppingClock
) -> None:
    begun = clock.now
    await repo.grant(CAROL, Role.VIEWER)
    await repo.grant(BOB, Role.EDITOR)
    await repo.grant(UserId("aaron"), Role.VIEWER)

    found = await repo.members()

    assert [(one.user, one.role) for one in found] == [
        (ALICE, Role.OWNER),
        (UserId("aaron"), Role.VIEWER),
        (BOB, Role.EDITOR),
        (CAROL, Role.VIEWER),
    ]
    assert found[0].since <= begun < found[3].since < found[2].since < found[1].since


@pytest.mark.requirement("TENANT-04")
async def test_granting_again_changes_the_role_and_makes_no_second_member(
    store: Store, repo: StackStore, stack: Stack
) -> None:
    await repo.grant(BOB, Role.EDITOR)
    since = (await repo.members())[1].since

    await repo.grant(BOB, Role.VIEWER)

    (_, bob) = await repo.members()
    assert (bob.user, bob.role, bob.since) == (BOB, Role.VIEWER, since)
    assert await store.membership(BOB, stack.id) == Membership(stack.id, ALICE, Role.VIEWER)


@pytest.mark.requirement("TENANT-05")
@pytest.mark.parametrize(
    "change",
    [
        lambda repo: repo.grant(ALICE, Role.VIEWER),
        lambda repo: repo.grant(ALICE, Role.OWNER),
        lambda repo: repo.grant(BOB, Role.OWNER),
        lambda repo: repo.revoke(ALICE),
    ],
)
async def test_a_stack_keeps_its_one_owner(
    repo: StackStore, change: Callable[[StackStore], Awaitable[object]]
) -> None:
    before = await repo.members()

    with pytest.raises(InvalidArgument):
        await change(repo)

    assert await repo.members() == before


@pytest.mark.requirement("TENANT-06")
async def test_a_membership_ends_once(store: Store, repo: StackStore, stack: Stack) -> None:
    await repo.grant(BOB, Role.EDITOR)

    assert await repo.revoke(BOB)

    assert not await repo.revoke(BOB)
    assert not await repo.revoke(CAROL)
    assert await store.membership(BOB, stack.id) is None
    assert [one.user for one in await repo.members()] == [ALICE]


@pytest.mark.requirement("TENANT-07")
async def test_what_an_editor_adds_is_the_owners(
    store: Store, repo: StackStore, stack: Stack
) -> None:
    editor = await joined(store, repo, stack, Role.EDITOR)
    sha256, _ = await store.files(binding(ALICE, stack.id)).put_bytes(b"invoice.pdf", 99)

    document = await added(editor, "invoice.pdf")
    await editor.save_pages(document.id, ENGINE, [page(1, "Acme Inc")])
    await editor.finish(document.id)

    assert document.sha256 == sha256
    assert [one.id for one in await repo.documents(limit=9)] == [document.id]
    assert await repo.pages(document.id, [1]) == [page(1, "Acme Inc")]
    other = store.bind(binding(ALICE, (await store.open_stack(ALICE, "other")).id))
    again = await added(other, "invoice.pdf")
    assert await other.stored_pages(again.id, ENGINE) == [1]  # Alice's, in every stack of hers
    own = store.bind(binding(BOB, (await store.open_stack(BOB, "own")).id))
    same = await added(own, "invoice.pdf")
    assert await own.stored_pages(same.id, ENGINE) == []  # and not Bob's


@pytest.mark.requirement("TENANT-08")
async def test_the_history_names_the_member_who_acted(
    store: Store, repo: StackStore, stack: Stack, document: Document
) -> None:
    editor = await joined(store, repo, stack, Role.EDITOR)

    await put(repo, document, "a", 1)
    await put(editor, document, "b", 2)

    changes = await repo.changes(document.id, limit=9)
    assert [change.user for change in changes] == [BOB, ALICE]
    assert (await repo.verify(document.id)).breaks == ()


@pytest.mark.requirement("TENANT-09")
async def test_a_viewer_reads_what_the_owner_reads(
    store: Store, repo: StackStore, stack: Stack, document: Document
) -> None:
    viewer = await joined(store, repo, stack, Role.VIEWER)
    await repo.save_pages(document.id, ENGINE, [page(1, "Acme Inc")])
    await put(repo, document, "a", 1)

    assert await viewer.stack() == await repo.stack()
    assert await viewer.documents(limit=9) == await repo.documents(limit=9)
    assert await viewer.pages(document.id, [1]) == [page(1, "Acme Inc")]
    assert [hit.document for hit in await viewer.search("acme", limit=9)] == [document.id]
    assert await values(viewer, document) == {"a": 1}
    await viewer.mark_read(document.id, [1])
    assert [one.read for one in await repo.outlines(document.id)] == [True]


@pytest.mark.requirement("TENANT-09")
def test_a_role_has_its_rights_and_no_more() -> None:
    assert Role.VIEWER.rights == {Right.READ}
    assert Role.EDITOR.rights == {Right.READ, Right.WRITE}
    assert Role.OWNER.rights == set(Right)
    with pytest.raises(MissingRight):
        Binding(BOB, NOWHERE, Role.VIEWER.rights).require(Right.WRITE)


CALLS: dict[str, Callable[[StackStore, Document], Awaitable[object]]] = {
    "stack": lambda repo, _: repo.stack(),
    "set_schema": lambda repo, _: repo.set_schema({"title": "planted"}, "planted", Policy()),
    "add_document": lambda repo, _: added(repo, "planted.pdf"),
    "document": lambda repo, one: repo.document(one.id),
    "documents": lambda repo, _: repo.documents(limit=9),
    "mark_read": lambda repo, one: repo.mark_read(one.id, [1]),
    "search": lambda repo, _: repo.search("planted", limit=9),
    "fields": lambda repo, one: repo.fields(one.id),
    "write": lambda repo, one: repo.write(one.id, [setting("a", "planted")]),
    "undo": lambda repo, one: repo.undo(one.id),
    "changes": lambda repo, _: repo.changes(limit=9),
    "members": lambda repo, _: repo.members(),
    "grant": lambda repo, _: repo.grant(CAROL, Role.EDITOR),
    "revoke": lambda repo, _: repo.revoke(CAROL),
}


async def refusal(call: Awaitable[object]) -> str:
    """What a caller sees of the error."""
    with pytest.raises(StackdocsError) as raised:
        await call
    return repr((type(raised.value), raised.value.code, raised.value.message, raised.value.advice))


async def all_of(repo: StackStore, document: Document) -> str:
    return repr(
        [
            await repo.stack(),
            await repo.documents(limit=9),
            await repo.outlines(document.id),
            await repo.fields(document.id),
            await repo.changes(limit=9),
            await repo.members(),
        ]
    )


@pytest.mark.requirement("TENANT-10")
@pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))
async def test_to_a_former_member_the_stack_is_one_that_never_was(
    store: Store,
    repo: StackStore,
    stack: Stack,
    document: Document,
    call: Callable[[StackStore, Document], Awaitable[object]],
) -> None:
    await repo.save_pages(document.id, ENGINE, [page(1, "Acme Inc")])
    editor = await joined(store, repo, stack, Role.EDITOR)
    await put(editor, document, "a", 1)
    await repo.revoke(BOB)
    before = await all_of(repo, document)
    nowhere = store.bind(Binding(BOB, NOWHERE, Role.EDITOR.rights, owner=ALICE))

    seen = await refusal(call(editor, document))

    assert seen == await refusal(call(nowhere, document))
    assert "NotFound" in seen
    assert await all_of(repo, document) == before


@pytest.mark.requirement("TENANT-11")
async def test_a_binding_that_names_another_owner_reaches_nothing(
    store: Store, repo: StackStore, stack: Stack
) -> None:
    await repo.grant(BOB, Role.EDITOR)

    for owner in (BOB, CAROL):
        forged = store.bind(Binding(BOB, stack.id, Role.EDITOR.rights, owner=owner))
        with pytest.raises(NotFound):
            await forged.documents(limit=9)


@pytest.mark.requirement("TENANT-12")
async def test_a_right_that_the_role_no_longer_gives_is_refused_at_the_next_call(
    store: Store, repo: StackStore, stack: Stack, document: Document
) -> None:
    editor = await joined(store, repo, stack, Role.EDITOR)
    await repo.grant(BOB, Role.VIEWER)

    with pytest.raises(MissingRight):
        await editor.write(document.id, [setting("a", 1)])

    assert await repo.fields(document.id) == []
    viewer = store.bind(member(BOB, stack, Role.VIEWER))
    assert await viewer.document(document.id) == await repo.document(document.id)
