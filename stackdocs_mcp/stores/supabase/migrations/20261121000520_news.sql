-- What changed last in each stack, for those who listen: see core/events.py.
--
-- One row for each thing, written anew with each change, under the transaction that changed it.
-- Numbers of a sequence become visible in another order than they are given out; so a reader
-- remembers no number but a snapshot: what is visible now and was not visible then is news. So
-- nothing is missed, however long the transaction took that wrote it, and nothing waits for others.

create table stackdocs.news (
    stack_id    uuid not null, -- of zeros: of a stack that was erased
    about       text not null
        check (about in ('documents', 'text', 'extraction', 'schema', 'members')),
    document_id uuid not null default '00000000-0000-0000-0000-000000000000',
    number      bigint not null, -- for the order in which things are told
    written_by  xid8 not null,
    primary key (stack_id, about, document_id)
);

create sequence stackdocs.news_numbers;
create index news_by_writer on stackdocs.news (written_by);

alter table stackdocs.news enable row level security;
alter table stackdocs.news force row level security;
create policy news_select on stackdocs.news for select using (false);
create policy news_insert on stackdocs.news for insert with check (false);
create policy news_update on stackdocs.news for update using (false);
create policy news_delete on stackdocs.news for delete using (false);

create function stackdocs.tell(p_stack uuid, p_about text, p_document uuid) returns void
language sql volatile set search_path = ''
as $$
    insert into stackdocs.news (stack_id, about, document_id, number, written_by)
    values (p_stack, p_about, coalesce(p_document, '00000000-0000-0000-0000-000000000000'),
        nextval('stackdocs.news_numbers'), pg_current_xact_id())
    on conflict (stack_id, about, document_id)
        do update set number = excluded.number, written_by = excluded.written_by
$$;

-- A trigger: what it does is written here; who made the change has no right to write news.
create function stackdocs.tell_of_document() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
    if tg_op = 'INSERT' then
        perform stackdocs.tell(new.stack_id, 'documents', null);
        return null;
    end if;
    if (new.pages, new.pages_done, new.readings) is distinct from
            (old.pages, old.pages_done, old.readings)
        or (new.status <> old.status and (new.status in ('processing', 'failed')
            or old.status in ('processing', 'failed'))) then
        perform stackdocs.tell(new.stack_id, 'text', new.id);
    end if;
    if new.digest <> old.digest or new.status <> old.status then
        perform stackdocs.tell(new.stack_id, 'extraction', new.id);
    end if;
    return null;
end
$$;

create trigger news_of_new_documents after insert on public.documents
    for each row execute function stackdocs.tell_of_document();
create trigger news_of_documents after update on public.documents
    for each row when ((new.pages, new.pages_done, new.readings, new.status, new.digest)
        is distinct from (old.pages, old.pages_done, old.readings, old.status, old.digest))
    execute function stackdocs.tell_of_document();

-- A page that was never read stands against completing.
create function stackdocs.tell_of_reading() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform stackdocs.tell(new.stack_id, 'extraction', new.document_id);
    return null;
end
$$;

create trigger news_of_reading after update on stackdocs.document_pages
    for each row when (new.read <> old.read) execute function stackdocs.tell_of_reading();

create function stackdocs.tell_of_members() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform stackdocs.tell(old.stack_id, 'members', null);
    return null;
end
$$;

create trigger news_of_members_gone after delete on stackdocs.members
    for each row execute function stackdocs.tell_of_members();
create trigger news_of_members_changed after update on stackdocs.members
    for each row when (new.role <> old.role) execute function stackdocs.tell_of_members();

-- Nothing of a stack that was erased is left. That one is gone is left, in a row that names none:
-- whoever listens to it may not have looked since its members went.
create function stackdocs.tell_of_stack() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
    if tg_op = 'UPDATE' then
        perform stackdocs.tell(new.id, 'schema', null);
        return null;
    end if;
    delete from stackdocs.news where stack_id = old.id;
    perform stackdocs.tell('00000000-0000-0000-0000-000000000000', 'members', null);
    return null;
end
$$;

create trigger news_of_schema after update on public.stacks
    for each row when (new.deleted_at is null and (new.field_schema, new.instructions, new.policy)
        is distinct from (old.field_schema, old.instructions, old.policy))
    execute function stackdocs.tell_of_stack();
create trigger news_of_stacks_gone after delete on public.stacks
    for each row execute function stackdocs.tell_of_stack();

-- Whoever listens is woken, and told nothing: who may read what is asked for is decided there.
create function stackdocs.wake() returns trigger
language plpgsql volatile set search_path = ''
as $$
begin
    perform pg_notify('stackdocs_news', '');
    return null;
end
$$;

create trigger news_wake after insert or update on stackdocs.news
    for each statement execute function stackdocs.wake();

-- What became visible since the snapshot (without one: nothing), in the order of the last changes,
-- and the snapshot to ask for next. Both are of the same moment: a stable function looks but once.
-- A snapshot from ahead of the present one is of a database that was put back to an earlier state,
-- and says nothing of this one: then all that there is is told.
create function public.sd_news(p_since text) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
    present constant pg_catalog.pg_snapshot := pg_current_snapshot();
    since constant pg_catalog.pg_snapshot := coalesce(p_since::pg_catalog.pg_snapshot, present);
    put_back constant boolean := pg_snapshot_xmax(since) > pg_snapshot_xmax(present);
begin
    perform stackdocs.serving();
    return jsonb_build_object('now', present, 'news', (
        select coalesce(jsonb_agg(jsonb_build_array(n.stack_id, n.about, n.document_id)
            order by n.number), '[]')
        from stackdocs.news as n
        where n.written_by >= case when put_back then '0' else pg_snapshot_xmin(since) end
            and (put_back or (n.written_by < pg_snapshot_xmax(present)
                and not pg_visible_in_snapshot(n.written_by, since)))
    ));
end
$$;
call stackdocs.callable('public.sd_news(text)', 'stackdocs_server');

revoke all on function stackdocs.tell(uuid, text, uuid), stackdocs.tell_of_document(),
    stackdocs.tell_of_reading(), stackdocs.tell_of_members(), stackdocs.tell_of_stack(),
    stackdocs.wake() from public, anon, authenticated, service_role;

revoke execute on all routines in schema stackdocs from public;
insert into stackdocs.migrations (version, name) values ('20261121000520', 'news');
