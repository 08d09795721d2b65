-- Roles, the binding that a token carries, and the tables that everything else hangs off.
--
-- Tables of the original product keep their names, in "public". What only this program reads is in
-- "stackdocs", which is not among the schemas that the REST API shows. Functions named sd_* are
-- what the program calls: each is one method of core/ports.py, and one transaction. They run as
-- whoever calls them, so row-level security holds in all of them. Functions that do not are
-- listed, each with its reason, in tests/supabase/definers.toml.
--
-- Errors have an SQLSTATE that begins with SD, and what the program tells of them as JSON in the
-- detail: see stores/supabase/errors.py. Times cross the border as microseconds since 1970.

create schema if not exists stackdocs;

-- Whoever reads documents in, for one stack at a time; and the program itself, for what is no
-- user's: limits, the record of refusals, news, the queue. Neither can log in.
do $$
declare
    role_name text;
begin
    foreach role_name in array array['stackdocs_worker', 'stackdocs_server'] loop
        if not exists (select 1 from pg_catalog.pg_roles where rolname = role_name) then
            execute pg_catalog.format('create role %I nologin noinherit', role_name);
        end if;
        execute pg_catalog.format('grant %I to authenticator', role_name);
    end loop;
end
$$;

grant usage on schema stackdocs to authenticated, stackdocs_worker, stackdocs_server;
grant usage on schema public to stackdocs_worker, stackdocs_server;

-- Supabase gives its roles everything that is made; here each right is given by name.
alter default privileges in schema stackdocs revoke all on tables
    from public, anon, authenticated, service_role;
alter default privileges in schema stackdocs revoke all on sequences
    from public, anon, authenticated, service_role;

create table stackdocs.migrations (
    version    text primary key,
    name       text not null,
    -- Of the file, written by `stackdocs-mcp migrate` and what it prints; null by other tools.
    sha256     text,
    applied_at timestamptz not null default now()
);

-- Tables ------------------------------------------------------------------------------------------

create table public.stacks (
    id           uuid primary key default gen_random_uuid(),
    user_id      text not null,
    name         text not null,
    folder       text,
    field_schema text,
    instructions text not null default '',
    policy       text not null,
    ocr          text not null default '{}',
    created_at   timestamptz not null,
    -- With a time here it is gone for everybody, and is being erased. That is never taken back.
    deleted_at   timestamptz
);

create unique index stacks_by_name on public.stacks (user_id, name)
    where folder is null and deleted_at is null;
create unique index stacks_by_folder on public.stacks (user_id, folder)
    where folder is not null and deleted_at is null;
create index stacks_by_user on public.stacks (user_id, name, id);
create index stacks_deleted on public.stacks (deleted_at) where deleted_at is not null;

-- Who may do what in a stack. The owner is a member too: one look-up answers for everybody.
create table stackdocs.members (
    user_id    text not null,
    stack_id   uuid not null references public.stacks (id),
    role       text not null check (role in ('viewer', 'editor', 'owner')),
    created_at timestamptz not null,
    primary key (user_id, stack_id)
);

create index members_by_stack on stackdocs.members (stack_id, user_id);
create unique index members_one_owner on stackdocs.members (stack_id) where role = 'owner';

create table public.documents (
    stack_id           uuid not null references public.stacks (id),
    id                 uuid not null default gen_random_uuid(),
    user_id            text not null, -- of the stack's owner
    extraction_id      uuid not null,
    filename           text not null,
    folded_name        text not null,
    sha256             text not null,
    file_size_bytes    bigint not null,
    file_path          text, -- in the bucket "documents"; see 600
    mime_type          text,
    status             text not null default 'processing'
        check (status in ('processing', 'ocr_complete', 'completed', 'failed')),
    pages              integer not null default 0,
    pages_done         integer not null default 0,
    pages_without_text integer not null default 0,
    billed_pages       integer not null default 0 check (billed_pages >= 0),
    failure_code       text,
    failure_message    text,
    failure_advice     text,
    superseded_by      uuid,
    claimed_by         text,
    claimed_until      timestamptz,
    abandoned          integer not null default 0 check (abandoned >= 0),
    readings           integer not null default 0 check (readings >= 0),
    digest             text not null default '',
    -- Who is charged for it, and what of their usage is reserved for it, in which month (202611).
    added_by           text not null,
    reserved_pages     integer not null default 0 check (reserved_pages >= 0),
    reserved_pages_in  integer not null default 0,
    reserved_ocr       integer not null default 0 check (reserved_ocr >= 0),
    reserved_ocr_in    integer not null default 0,
    uploaded_at        timestamptz not null,
    updated_at         timestamptz not null,
    primary key (stack_id, id),
    foreign key (stack_id, superseded_by) references public.documents (stack_id, id),
    check ((status = 'failed') = (failure_code is not null))
);

create unique index documents_by_content on public.documents (stack_id, sha256);
create index documents_by_file on public.documents (stack_id, file_path);
create index documents_by_age on public.documents (stack_id, uploaded_at, id);
create index documents_by_status on public.documents (stack_id, status, uploaded_at, id);
create index documents_superseded on public.documents (stack_id, superseded_by)
    where superseded_by is not null;
create index documents_claimed on public.documents (user_id, sha256, claimed_until)
    where claimed_until is not null;

create table public.extractions (
    stack_id    uuid not null,
    id          uuid not null default gen_random_uuid(),
    document_id uuid not null,
    number      integer not null default 1 check (number > 0),
    revision    bigint not null default 0,
    fields      integer not null default 0 check (fields >= 0),
    flagged     integer not null default 0 check (flagged between 0 and fields),
    created_at  timestamptz not null,
    primary key (stack_id, id),
    unique (stack_id, id, document_id),
    foreign key (stack_id, document_id) references public.documents (stack_id, id)
);

create unique index extractions_by_number on public.extractions (stack_id, document_id, number);
alter table public.documents add constraint documents_extraction
    foreign key (stack_id, extraction_id, id) -- one of its own
    references public.extractions (stack_id, id, document_id)
    deferrable initially deferred;
create unique index documents_by_extraction on public.documents (stack_id, extraction_id, id);

-- What was read of some bytes by some engine is kept once for a user, whatever stacks they are in.
create table public.ocr_results (
    user_id      text not null,
    id           bigint generated always as identity,
    sha256       text not null,
    ocr_engine   text not null,
    number       integer not null check (number > 0),
    width        double precision not null,
    height       double precision not null,
    rotation     integer not null,
    source       text not null,
    line_count   integer not null,
    hidden_lines integer not null,
    characters   integer not null,
    lines        text not null, -- see stores/leaves.py
    tables       text not null,
    notes        text not null,
    -- The words that each line is found by, [[line, "word word"], ...]: see stores/search.py.
    words        jsonb not null default '[]',
    primary key (user_id, id),
    unique (user_id, sha256, ocr_engine, number)
);

-- The pages that count for a document.
create table stackdocs.document_pages (
    stack_id    uuid not null,
    document_id uuid not null,
    number      integer not null,
    user_id     text not null,
    result_id   bigint not null,
    read        boolean not null default false,
    ref         bigint generated always as identity, -- grows with time
    primary key (stack_id, document_id, number),
    foreign key (stack_id, document_id) references public.documents (stack_id, id),
    foreign key (user_id, result_id) references public.ocr_results (user_id, id)
);

create index document_pages_by_result on stackdocs.document_pages (user_id, result_id);

-- What each user has used, by month (202611), with what is reserved for work that is under way.
create table stackdocs.usage (
    user_id   text not null,
    month     integer not null,
    documents bigint not null default 0 check (documents >= 0),
    pages     bigint not null default 0 check (pages >= 0),
    ocr_pages bigint not null default 0 check (ocr_pages >= 0),
    primary key (user_id, month)
);

-- Who calls ---------------------------------------------------------------------------------------

-- An empty search_path keeps names of functions, operators and tables apart from whatever a caller
-- has made. Names of types are looked up in the caller's temporary schema all the same, and first:
-- so what runs with other rights than its caller's says pg_catalog before each, and so does all
-- that it calls. tests/supabase/naming.py looks for those that do not.

create function stackdocs.claims() returns jsonb
language sql stable set search_path = ''
as $$
    select nullif(current_setting('request.jwt.claims', true), '')::pg_catalog.jsonb
$$;

-- The user of a token that this program has minted. One of the project's own sign-in has the same
-- role and a subject too, and is nobody here.
create function stackdocs.usr() returns text
language sql stable set search_path = ''
as $$
    select stackdocs.claims() ->> 'sub' where stackdocs.claims() -> 'stackdocs' = '1'
$$;

-- The id that the token has for a stack; null for none, and for what is no id.
create function stackdocs.bound() returns uuid
language sql stable set search_path = ''
as $$
    select case when stackdocs.claims() ->> 'stack_id'
        ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
        then (stackdocs.claims() ->> 'stack_id')::pg_catalog.uuid end
$$;

-- Rows are written in calls of this program's functions and nowhere else, so that nobody passes by
-- what these look at: with the same token, the REST API's own writing of tables changes nothing.
-- What this sets holds until the transaction ends, and no request can set it otherwise: PostgREST
-- sets "request" and "app.settings" alone, and has its clients call functions of "public" alone.
create function stackdocs.begin_call() returns void
language plpgsql volatile set search_path = ''
as $$
begin
    perform set_config('stackdocs.call', 'on', true);
end
$$;

-- Policies for writing ask this.
create function stackdocs.is_in_call() returns boolean
language sql stable set search_path = ''
as $$
    select coalesce(current_setting('stackdocs.call', true) = 'on', false)
$$;

-- The one row that decides: a policy on the members cannot ask itself.
create function stackdocs.membership(p_user text, p_stack uuid,
    out owner text, out role text) returns record
language sql stable security definer set search_path = ''
as $$
    select s.user_id, m.role
    from stackdocs.members as m join public.stacks as s on s.id = m.stack_id
    where m.user_id = p_user and m.stack_id = p_stack and s.deleted_at is null
$$;

-- The bound stack, as long as the user is a member of it; null otherwise. Policies ask this once
-- for each statement, because they ask in a sub-select.
create function stackdocs.stack() returns uuid
language sql stable set search_path = ''
as $$
    select stackdocs.bound()
    from stackdocs.membership(stackdocs.usr(), stackdocs.bound()) as m
    where m.role is not null
$$;

-- The owner of the bound stack, under the same condition.
create function stackdocs.owner() returns text
language sql stable set search_path = ''
as $$
    select m.owner from stackdocs.membership(stackdocs.usr(), stackdocs.bound()) as m
$$;

create function stackdocs.rights_of(p_role text) returns text[]
language sql immutable set search_path = ''
as $$
    select case p_role
        when 'owner' then array['stack:admin', 'stack:read', 'stack:write']
        when 'editor' then array['stack:read', 'stack:write']
        when 'viewer' then array['stack:read']
        else array[]::pg_catalog.text[]
    end
$$;

-- The bound stack, if both the role and the token give the right there; null otherwise.
create function stackdocs.stack_to(p_right text) returns uuid
language sql stable set search_path = ''
as $$
    select stackdocs.bound()
    from stackdocs.membership(stackdocs.usr(), stackdocs.bound()) as m
    where p_right = any (stackdocs.rights_of(m.role)) and stackdocs.claims() -> 'rights' ? p_right
$$;

-- A call: who, where, when, and by whose hand.
create type stackdocs.caller as (
    usr text, stack uuid, owner text, now timestamptz, kind text, client text, quotas jsonb
);

create function stackdocs.moment(p_micros bigint) returns timestamptz
language sql immutable set search_path = ''
as $$
    select pg_catalog.timestamptz 'epoch' + p_micros * interval '1 microsecond'
$$;

create function stackdocs.micros(p_moment timestamptz) returns bigint
language sql immutable set search_path = ''
as $$
    select (extract(epoch from p_moment) * 1000000)::bigint
$$;

-- Every bound sd_* function that reads begins with this, in the transaction that does the work.
-- SD404: the user is no member of the stack, it is gone, or another's than the call says. SD403: the role does not give a right
-- any more that the token was minted with.
create function stackdocs.enter(p_call jsonb) returns stackdocs.caller
language plpgsql volatile set search_path = ''
as $$
declare
    found pg_catalog.record;
    bound pg_catalog.uuid := stackdocs.bound();
    lost pg_catalog.text;
begin
    perform stackdocs.begin_call();
    select * into found from stackdocs.membership(stackdocs.usr(), bound);
    if found.role is null or found.owner <> coalesce(p_call ->> 'owner', found.owner) then
        raise exception using errcode = 'SD404', message = 'no such stack';
    end if;
    select min(one) into lost
    from jsonb_array_elements_text(stackdocs.claims() -> 'rights') as one
    where not one = any (stackdocs.rights_of(found.role));
    if lost is not null then
        raise exception using errcode = 'SD403', message = 'missing right',
            detail = jsonb_build_object('right', lost)::pg_catalog.text;
    end if;
    return row(stackdocs.usr(), bound, found.owner, stackdocs.moment((p_call ->> 'now')::bigint),
        p_call ->> 'kind', p_call ->> 'client', p_call -> 'quotas')::stackdocs.caller;
end
$$;

-- The caller's membership of the bound stack stays as it is until the transaction ends: whoever
-- ends or changes it waits for that. False where there is none, also when it was ended by somebody
-- who was waited for here. Not as the caller, who may not change a membership, and so lock none.
create function stackdocs.stay_member() returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform from stackdocs.members as m
    where m.user_id = stackdocs.usr()
        and m.stack_id = (stackdocs.claims() ->> 'stack_id')::uuid
    for share;
    return found;
end
$$;

-- Every bound sd_* function that writes begins with this. What it does is done before the
-- membership ends or the stack is deleted, or it is refused: nothing is written after that. The
-- first lock of all, so that nobody who waits for it is waited for.
create function stackdocs.enter_to_write(p_call jsonb) returns stackdocs.caller
language plpgsql volatile set search_path = ''
as $$
begin
    if not stackdocs.stay_member() then
        raise exception using errcode = 'SD404', message = 'no such stack';
    end if;
    return stackdocs.enter(p_call); -- by what is there after waiting
end
$$;

-- Row-level security ------------------------------------------------------------------------------

alter table public.stacks enable row level security;
alter table public.stacks force row level security;
alter table stackdocs.members enable row level security;
alter table stackdocs.members force row level security;
alter table public.documents enable row level security;
alter table public.documents force row level security;
alter table public.extractions enable row level security;
alter table public.extractions force row level security;
alter table public.ocr_results enable row level security;
alter table public.ocr_results force row level security;
alter table stackdocs.document_pages enable row level security;
alter table stackdocs.document_pages force row level security;
alter table stackdocs.usage enable row level security;
alter table stackdocs.usage force row level security;
alter table stackdocs.migrations enable row level security;
alter table stackdocs.migrations force row level security;
revoke all on public.stacks, public.documents, public.extractions, public.ocr_results
    from public, anon, authenticated, service_role;

-- A token that names no stack is a user's own, to find and open stacks with.
create policy stacks_select on public.stacks for select to authenticated, stackdocs_worker using (
    id = (select stackdocs.stack())
    or ((select stackdocs.claims() ->> 'stack_id') is null
        and user_id = (select stackdocs.usr()) and deleted_at is null)
);
create policy stacks_insert on public.stacks for insert to authenticated with check (
    (select stackdocs.claims() ->> 'stack_id') is null and user_id = (select stackdocs.usr())
        and (select stackdocs.is_in_call())
);
create policy stacks_update on public.stacks for update to authenticated
    using (id = (select stackdocs.stack_to('stack:admin'))
        and (select stackdocs.is_in_call()))
    with check (id = (select stackdocs.stack_to('stack:admin'))
        and user_id = (select stackdocs.owner())
        and (select stackdocs.is_in_call()));
create policy stacks_delete on public.stacks for delete to authenticated using (false);
grant select, insert (user_id, name, folder, policy, created_at) on public.stacks
    to authenticated;
grant update (field_schema, instructions, policy, ocr) on public.stacks to authenticated;
grant select on public.stacks to stackdocs_worker;

create policy members_select on stackdocs.members for select to authenticated
    using (stack_id = (select stackdocs.stack()));
create policy members_insert on stackdocs.members for insert to authenticated with check (
    (stack_id = (select stackdocs.stack_to('stack:admin')) and role <> 'owner')
        and (select stackdocs.is_in_call())
);
create policy members_update on stackdocs.members for update to authenticated
    using (stack_id = (select stackdocs.stack_to('stack:admin')) and role <> 'owner'
        and (select stackdocs.is_in_call()))
    with check (stack_id = (select stackdocs.stack_to('stack:admin')) and role <> 'owner'
        and (select stackdocs.is_in_call()));
create policy members_delete on stackdocs.members for delete to authenticated
    using (stack_id = (select stackdocs.stack_to('stack:admin')) and role <> 'owner'
        and (select stackdocs.is_in_call()));
grant select, insert, delete on stackdocs.members to authenticated;
grant update (role) on stackdocs.members to authenticated;

create policy documents_select on public.documents for select to authenticated, stackdocs_worker
    using (stack_id = (select stackdocs.stack()));
create policy documents_insert on public.documents for insert to authenticated, stackdocs_worker
    with check (stack_id = (select stackdocs.stack_to('stack:write'))
        and user_id = (select stackdocs.owner()) and added_by = (select stackdocs.usr())
        and (select stackdocs.is_in_call()));
create policy documents_update on public.documents for update to authenticated, stackdocs_worker
    using (stack_id = (select stackdocs.stack_to('stack:write'))
        and (select stackdocs.is_in_call()))
    with check (stack_id = (select stackdocs.stack_to('stack:write'))
        and user_id = (select stackdocs.owner())
        and (select stackdocs.is_in_call()));
create policy documents_delete on public.documents for delete to authenticated, stackdocs_worker
    using (false);
grant select on public.documents to authenticated, stackdocs_worker;
grant insert (stack_id, id, user_id, extraction_id, filename, folded_name, sha256, file_size_bytes,
    file_path, added_by, uploaded_at, updated_at) on public.documents
    to authenticated, stackdocs_worker;
-- Who is charged stays as it is, and what is reserved is written with what is charged for it.
grant update (mime_type, status, pages, pages_done, pages_without_text, billed_pages, failure_code,
    failure_message, failure_advice, claimed_by, claimed_until, abandoned, updated_at)
    on public.documents to authenticated, stackdocs_worker;
grant update (extraction_id, readings, superseded_by, digest) on public.documents to authenticated;

create policy extractions_select on public.extractions for select
    to authenticated, stackdocs_worker using (stack_id = (select stackdocs.stack()));
create policy extractions_insert on public.extractions for insert
    to authenticated, stackdocs_worker
    with check (stack_id = (select stackdocs.stack_to('stack:write'))
        and (select stackdocs.is_in_call()));
create policy extractions_update on public.extractions for update to authenticated
    using (stack_id = (select stackdocs.stack_to('stack:write'))
        and (select stackdocs.is_in_call()))
    with check (stack_id = (select stackdocs.stack_to('stack:write'))
        and (select stackdocs.is_in_call()));
create policy extractions_delete on public.extractions for delete to authenticated using (false);
grant select, insert on public.extractions to authenticated;
grant update (revision, fields, flagged) on public.extractions to authenticated;
grant select, insert on public.extractions to stackdocs_worker;

-- Pages of bytes that the bound stack has a document of. The offset says that each page's bytes are
-- to be looked up: the planner would rather read all documents of the stack for it.
create policy ocr_results_select on public.ocr_results for select
    to authenticated, stackdocs_worker
    using (user_id = (select stackdocs.owner()) and exists (
        select 1 from public.documents as d
        where d.stack_id = (select stackdocs.stack()) and d.sha256 = ocr_results.sha256
        offset 0
    ));
create policy ocr_results_insert on public.ocr_results for insert
    to authenticated, stackdocs_worker
    with check (user_id = (select stackdocs.owner()) and exists (
        select 1 from public.documents as d
        where d.stack_id = (select stackdocs.stack_to('stack:write'))
            and d.sha256 = ocr_results.sha256
        offset 0
    )
        and (select stackdocs.is_in_call()));
create policy ocr_results_update on public.ocr_results for update
    to authenticated, stackdocs_worker using (false) with check (false);
create policy ocr_results_delete on public.ocr_results for delete
    to authenticated, stackdocs_worker using (false);
grant select, insert on public.ocr_results to authenticated, stackdocs_worker;

-- Whoever may read a page may say that it was shown; nothing else of it changes.
create policy document_pages_select on stackdocs.document_pages for select
    to authenticated, stackdocs_worker using (stack_id = (select stackdocs.stack()));
create policy document_pages_insert on stackdocs.document_pages for insert
    to authenticated, stackdocs_worker
    with check (stack_id = (select stackdocs.stack_to('stack:write'))
        and user_id = (select stackdocs.owner())
        and (select stackdocs.is_in_call()));
create policy document_pages_update on stackdocs.document_pages for update to authenticated
    using (stack_id = (select stackdocs.stack())
        and (select stackdocs.is_in_call()))
    with check (stack_id = (select stackdocs.stack())
        and (select stackdocs.is_in_call()));
create policy document_pages_delete on stackdocs.document_pages for delete to authenticated
    using (stack_id = (select stackdocs.stack_to('stack:write'))
        and (select stackdocs.is_in_call()));
grant select, insert on stackdocs.document_pages to authenticated, stackdocs_worker;
grant delete on stackdocs.document_pages to authenticated;
grant update (read) on stackdocs.document_pages to authenticated;

create policy usage_select on stackdocs.usage for select to authenticated
    using (user_id = (select stackdocs.usr()));
create policy usage_insert on stackdocs.usage for insert to authenticated with check (false);
create policy usage_update on stackdocs.usage for update to authenticated using (false);
create policy usage_delete on stackdocs.usage for delete to authenticated using (false);
grant select on stackdocs.usage to authenticated;

create policy migrations_select on stackdocs.migrations for select to stackdocs_server using (true);
create policy migrations_insert on stackdocs.migrations for insert to stackdocs_server
    with check (false);
create policy migrations_update on stackdocs.migrations for update to stackdocs_server using (false);
create policy migrations_delete on stackdocs.migrations for delete to stackdocs_server using (false);
grant select on stackdocs.migrations to stackdocs_server;

-- The owner is a member from the start. A trigger, since who makes a stack is not yet one of its
-- members, and only a member's admin may add others.
create function stackdocs.stack_has_owner() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    insert into stackdocs.members (user_id, stack_id, role, created_at)
    values (new.user_id, new.id, 'owner', new.created_at);
    return null;
end
$$;

create trigger stacks_have_owners after insert on public.stacks
    for each row execute function stackdocs.stack_has_owner();

-- Who reads documents in brings their reading to an end, and does nothing else with them.
create function stackdocs.only_reads() returns trigger
language plpgsql volatile set search_path = ''
as $$
begin
    if current_user = 'stackdocs_worker'
        and not (old.status = 'processing' and new.status in ('ocr_complete', 'failed')) then
        raise exception using errcode = '42501', message = 'a worker ends a reading';
    end if;
    return new;
end
$$;

create trigger documents_only_read before update of status on public.documents
    for each row when (new.status <> old.status) execute function stackdocs.only_reads();

-- A function that these roles may call, and nobody else: Supabase lets everybody call what is made.
create procedure stackdocs.callable(p_function regprocedure, variadic p_roles text[])
language plpgsql set search_path = ''
as $$
declare
    one text;
begin
    execute format('revoke all on function %s from public, anon, authenticated, service_role',
        p_function);
    foreach one in array p_roles loop
        execute format('grant execute on function %s to %I', p_function, one);
    end loop;
end
$$;

revoke all on procedure stackdocs.callable(regprocedure, text[]) from public;
grant execute on function stackdocs.claims(), stackdocs.usr(), stackdocs.membership(text, uuid),
    stackdocs.bound(), stackdocs.begin_call(), stackdocs.is_in_call(),
    stackdocs.stack(), stackdocs.owner(), stackdocs.rights_of(text), stackdocs.stack_to(text),
    stackdocs.moment(bigint), stackdocs.micros(timestamptz), stackdocs.enter(jsonb),
    stackdocs.enter_to_write(jsonb)
    to authenticated, stackdocs_worker;
call stackdocs.callable('stackdocs.stay_member()', 'authenticated', 'stackdocs_worker');
grant execute on function stackdocs.moment(bigint), stackdocs.micros(timestamptz)
    to stackdocs_server;

-- The versions that are there: a program of another version says so when it starts.
create function public.sd_version() returns jsonb
language sql stable set search_path = ''
as $$
    select coalesce(jsonb_agg(m.version order by m.version), '[]') from stackdocs.migrations as m
$$;
call stackdocs.callable('public.sd_version()', 'stackdocs_server');

revoke execute on all routines in schema stackdocs from public;
insert into stackdocs.migrations (version, name) values ('20261121000100', 'foundation');
