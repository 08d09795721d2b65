-- Fields, the history of their changes, and what was answered to a call that may be made again.
--
-- Keys sort byte by byte, so that a subtree is one range of them: see core/paths.py. What a leaf
-- is as text: see stores/leaves.py; the digests of changes: see stores/chain.py.

create table stackdocs.fields (
    stack_id      uuid not null,
    extraction_id uuid not null,
    key           text collate "C" not null,
    revision      bigint not null,
    actor_kind    text not null,
    actor_client  text not null,
    at            timestamptz not null,
    leaf          text not null,
    -- What a person wrote, and agents leave as it is.
    locked        boolean not null default false,
    primary key (stack_id, extraction_id, key),
    foreign key (stack_id, extraction_id) references public.extractions (stack_id, id)
);

create index fields_locked on stackdocs.fields (stack_id, extraction_id, key) where locked;

-- Append-only but for "standing": whether the effect of the change has not been undone.
create table stackdocs.changes (
    stack_id        uuid not null,
    extraction_id   uuid not null,
    revision        bigint not null,
    ordinal         integer not null,
    document_id     uuid not null,
    sequence        bigint not null check (sequence > 0),
    action          text not null
        check (action in ('set', 'delete', 'undo', 'redo', 'release', 'complete', 'start')),
    path            text collate "C" not null,
    user_id         text not null,
    actor_kind      text not null,
    actor_client    text not null,
    at              timestamptz not null,
    undoes_revision bigint,
    undoes_ordinal  integer,
    reason          text not null default '',
    acknowledged    text not null default '[]',
    standing        boolean not null default true,
    digest          text not null,
    primary key (stack_id, extraction_id, revision, ordinal),
    foreign key (stack_id, extraction_id) references public.extractions (stack_id, id),
    foreign key (stack_id, document_id) references public.documents (stack_id, id),
    foreign key (stack_id, extraction_id, undoes_revision, undoes_ordinal)
        references stackdocs.changes (stack_id, extraction_id, revision, ordinal)
);

-- "sequence > 0" is said by whoever pages through changes, and by nobody else: a look-up by key that
-- was planned while the table was small cannot take one of these, and go on reading all of a stack.
create unique index changes_by_sequence on stackdocs.changes (stack_id, sequence)
    where sequence > 0;
create index changes_by_document on stackdocs.changes (stack_id, document_id, sequence)
    where sequence > 0;
create index changes_by_undone on stackdocs.changes
    (stack_id, extraction_id, undoes_revision, undoes_ordinal) where undoes_revision is not null;
create index changes_to_undo on stackdocs.changes (stack_id, extraction_id, revision, ordinal)
    where standing and action in ('set', 'delete', 'release');
create index changes_to_redo on stackdocs.changes (stack_id, extraction_id, revision, ordinal)
    where standing and action = 'undo';

-- All leaves at a change's path. Where one was not touched it stayed, and "after" is left out.
create table stackdocs.change_leaves (
    stack_id      uuid not null,
    extraction_id uuid not null,
    revision      bigint not null,
    ordinal       integer not null,
    key           text collate "C" not null,
    touched       boolean not null,
    before        text,
    after         text,
    locked_before boolean not null,
    locked_after  boolean not null,
    primary key (stack_id, extraction_id, revision, ordinal, key),
    foreign key (stack_id, extraction_id, revision, ordinal)
        references stackdocs.changes (stack_id, extraction_id, revision, ordinal)
);

create index change_leaves_by_key on stackdocs.change_leaves
    (stack_id, extraction_id, key, revision, ordinal) where touched;

-- A call whose answer was lost is made again under its id, and is given the answer of the first.
create table stackdocs.answers (
    stack_id uuid not null references public.stacks (id),
    user_id  text not null,
    call_id  uuid not null,
    function text not null,
    answer   jsonb not null,
    at       timestamptz not null default clock_timestamp(), -- by the database's clock alone
    primary key (stack_id, user_id, call_id, function)
);

create index answers_by_age on stackdocs.answers (at);

-- The history is appended to, and goes with its stack in no other way. This is against mistakes: a
-- chain of digests shows the rest.
create function stackdocs.history_stays() returns trigger
language plpgsql set search_path = ''
as $$
begin
    if tg_op = 'DELETE' and exists (select 1 from public.stacks as s
        where s.id = old.stack_id and s.deleted_at is not null) then
        return old;
    end if;
    raise exception using errcode = 'SD120', message = 'the history is append-only';
end
$$;

create trigger changes_stay before delete or update of stack_id, extraction_id, revision, ordinal,
    document_id, sequence, action, path, user_id, actor_kind, actor_client, at, undoes_revision,
    undoes_ordinal, reason, acknowledged, digest on stackdocs.changes
    for each row execute function stackdocs.history_stays();
create trigger change_leaves_stay before delete or update on stackdocs.change_leaves
    for each row execute function stackdocs.history_stays();

-- Row-level security ------------------------------------------------------------------------------

alter table stackdocs.fields enable row level security;
alter table stackdocs.fields force row level security;
alter table stackdocs.changes enable row level security;
alter table stackdocs.changes force row level security;
alter table stackdocs.change_leaves enable row level security;
alter table stackdocs.change_leaves force row level security;
alter table stackdocs.answers enable row level security;
alter table stackdocs.answers force row level security;

create policy fields_select on stackdocs.fields for select to authenticated
    using (stack_id = (select stackdocs.stack()));
create policy fields_insert on stackdocs.fields for insert to authenticated
    with check (stack_id = (select stackdocs.stack_to('stack:write'))
        and (select stackdocs.is_in_call()));
create policy fields_update on stackdocs.fields for update to authenticated
    using (stack_id = (select stackdocs.stack_to('stack:write'))
        and (select stackdocs.is_in_call()))
    with check (stack_id = (select stackdocs.stack_to('stack:write'))
        and (select stackdocs.is_in_call()));
create policy fields_delete on stackdocs.fields for delete to authenticated
    using (stack_id = (select stackdocs.stack_to('stack:write'))
        and (select stackdocs.is_in_call()));
grant select, insert, delete on stackdocs.fields to authenticated;
grant update (revision, actor_kind, actor_client, at, leaf, locked) on stackdocs.fields
    to authenticated;

create policy changes_select on stackdocs.changes for select to authenticated
    using (stack_id = (select stackdocs.stack()));
create policy changes_insert on stackdocs.changes for insert to authenticated
    with check (stack_id = (select stackdocs.stack_to('stack:write'))
        and user_id = (select stackdocs.usr())
        and (select stackdocs.is_in_call()));
create policy changes_update on stackdocs.changes for update to authenticated
    using (stack_id = (select stackdocs.stack_to('stack:write'))
        and (select stackdocs.is_in_call()))
    with check (stack_id = (select stackdocs.stack_to('stack:write'))
        and (select stackdocs.is_in_call()));
create policy changes_delete on stackdocs.changes for delete to authenticated using (false);
grant select, insert on stackdocs.changes to authenticated;
grant update (standing) on stackdocs.changes to authenticated;

create policy change_leaves_select on stackdocs.change_leaves for select to authenticated
    using (stack_id = (select stackdocs.stack()));
create policy change_leaves_insert on stackdocs.change_leaves for insert to authenticated
    with check (stack_id = (select stackdocs.stack_to('stack:write'))
        and (select stackdocs.is_in_call()));
create policy change_leaves_update on stackdocs.change_leaves for update to authenticated
    using (false) with check (false);
create policy change_leaves_delete on stackdocs.change_leaves for delete to authenticated
    using (false);
grant select, insert on stackdocs.change_leaves to authenticated;

-- What one user was answered says nothing to another one, and stays until it is forgotten.
create policy answers_select on stackdocs.answers for select to authenticated, stackdocs_worker
    using (stack_id = (select stackdocs.stack()) and user_id = (select stackdocs.usr()));
create policy answers_insert on stackdocs.answers for insert to authenticated, stackdocs_worker
    with check (stack_id = (select stackdocs.stack()) and user_id = (select stackdocs.usr())
        and (select stackdocs.is_in_call()));
create policy answers_update on stackdocs.answers for update to authenticated, stackdocs_worker
    using (false) with check (false);
create policy answers_delete on stackdocs.answers for delete to authenticated, stackdocs_worker
    using (false);
grant select on stackdocs.answers to authenticated, stackdocs_worker;
grant insert (stack_id, user_id, call_id, function, answer) on stackdocs.answers
    to authenticated, stackdocs_worker;

-- Answers that are kept ---------------------------------------------------------------------------

-- What this function answered to this call before; null for a call that is new. Whoever makes the
-- same call meanwhile waits here for the first one. To be asked before anything is locked.
create function stackdocs.answered(p_by stackdocs.caller, p_call jsonb, p_function text)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    asked constant uuid := (p_call ->> 'id')::uuid;
begin
    perform pg_advisory_xact_lock(hashtextextended('stackdocs.answers ' || asked::text, 0));
    return (select a.answer from stackdocs.answers as a
        where a.stack_id = p_by.stack and a.user_id = p_by.usr
            and a.call_id = asked and a.function = p_function);
end
$$;

-- Forget a few answers older than a day, whoever was given them: also of users who never call
-- again. A day of the database's clock, and nothing that the caller says, decides.
create function stackdocs.forget_answers() returns void
language sql volatile security definer set search_path = ''
as $$
    delete from stackdocs.answers where ctid = any (array(
        select a.ctid from stackdocs.answers as a
        where a.at < clock_timestamp() - interval '1 day'
        order by a.at limit 4 for update skip locked))
$$;
call stackdocs.callable('stackdocs.forget_answers()', 'authenticated', 'stackdocs_worker');

-- Remember the answer to the call, for a day, and give it back.
create function stackdocs.keep(p_by stackdocs.caller, p_call jsonb, p_function text, p_answer jsonb)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
begin
    perform stackdocs.forget_answers();
    insert into stackdocs.answers (stack_id, user_id, call_id, function, answer)
    values (p_by.stack, p_by.usr, (p_call ->> 'id')::uuid, p_function, p_answer);
    return p_answer;
end
$$;

grant execute on function stackdocs.history_stays(),
    stackdocs.answered(stackdocs.caller, jsonb, text),
    stackdocs.keep(stackdocs.caller, jsonb, text, jsonb)
    to authenticated, stackdocs_worker;

revoke execute on all routines in schema stackdocs from public;
insert into stackdocs.migrations (version, name) values ('20261121000300', 'history');
