-- Stacks with everything in them, taken out of the project for good.
--
-- The first transaction, the owner's, makes the stack gone for everybody. The others erase it, a
-- part at a time, as the program itself: there is no member left. Its folder in Storage is emptied
-- when its rows are gone, and when that is done the stack itself goes. Whatever is left when a
-- process dies, the next one to open the store erases.

alter table public.stacks
    add column deletion uuid, -- the call that deleted it: made again, it is answered the same
    add column swept boolean not null default false, -- nothing is left but its folder
    add column erase_failed_at timestamptz, -- by the database's clock
    add column emptied_at timestamptz, -- its folder was found empty first
    add column looked_at timestamptz; -- and last

create index stacks_to_erase on public.stacks (erase_failed_at nulls first, deleted_at)
    where deleted_at is not null and not swept;

create function stackdocs.stays_deleted() returns trigger
language plpgsql volatile set search_path = ''
as $$
begin
    raise exception using errcode = '42501', message = 'a deleted stack does not come back';
end
$$;

create trigger stacks_stay_deleted before update of deleted_at on public.stacks
    for each row when (old.deleted_at is not null) execute function stackdocs.stays_deleted();

-- Take all that waits to be read in a stack out of the queue. A queue that is missing has nothing to
-- lose: see 700.
create function stackdocs.dequeue_stack(p_stack uuid) returns void
language plpgsql volatile set search_path = ''
as $$
begin
    delete from pgmq.q_stackdocs_reading as q
    where q.message ->> 'document' in (select d.id::pg_catalog.text from public.documents as d
            where d.stack_id = p_stack and d.status = 'processing')
        and q.message ->> 'stack' = p_stack::pg_catalog.text;
exception when undefined_table or invalid_schema_name then
    null;
end
$$;

-- Make a user's own stack gone for everybody. Not as the user, who may set no such time, and whom
-- no policy lets write what is other members'. False for a stack that is not theirs, or is gone.
create function public.sd_delete_stack(p_call uuid, p_now bigint, p_stack uuid) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
    if stackdocs.usr() is null or stackdocs.claims() ->> 'stack_id' is not null then
        return false; -- a token for one stack is not its owner's own
    end if;
    -- Whoever writes in it is waited for: see stackdocs.enter_to_write. The owner first, whom those
    -- hold who change the others.
    perform from stackdocs.members as m
    where m.stack_id = p_stack and exists (select from public.stacks as s
        where s.id = p_stack and s.user_id = stackdocs.usr() and s.deleted_at is null)
    order by m.role <> 'owner', m.user_id for update;
    update public.stacks
    set deleted_at = stackdocs.moment(p_now), deletion = p_call, field_schema = null,
        instructions = ''
    where id = p_stack and user_id = stackdocs.usr() and deleted_at is null;
    if not found then
        return exists (select from public.stacks
            where id = p_stack and user_id = stackdocs.usr() and deletion = p_call);
    end if;
    delete from stackdocs.members where stack_id = p_stack;
    -- Whoever reads one of them stops; the same bytes in another stack need not wait for that.
    update public.documents set superseded_by = null, claimed_by = null, claimed_until = null
    where stack_id = p_stack and (superseded_by is not null or claimed_until is not null);
    perform stackdocs.dequeue_stack(p_stack);
    return true;
end
$$;
call stackdocs.callable('public.sd_delete_stack(uuid,bigint,uuid)', 'authenticated');

-- Tables of ours with rows of stacks, what refers to others before those, each with its key. They
-- are looked up: one that is added later is erased as well. News go with the stack itself, and
-- what was imported once stays known, by ids alone: see 800.
create function stackdocs.tables_of_stacks()
returns table (name text, key text)
language sql stable set search_path = ''
as $$
    with recursive ours as (
        select c.oid from pg_catalog.pg_class as c
        join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attname = 'stack_id'
        where c.relnamespace = 'stackdocs'::pg_catalog.regnamespace and c.relkind = 'r'
            and c.relname not in ('news', 'imported', 'imported_stacks')
    ),
    below as (
        select oid, 0 as depth from ours
        union
        select f.conrelid, b.depth + 1 from below as b
        join pg_catalog.pg_constraint as f on f.confrelid = b.oid and f.contype = 'f'
            and f.conrelid <> f.confrelid
        where f.conrelid in (select oid from ours) and b.depth < 20
    )
    select b.oid::pg_catalog.regclass::pg_catalog.text, coalesce((
        select string_agg(format('%I desc', a.attname), ', ' order by k.place)
        from pg_catalog.pg_constraint as p, unnest(p.conkey) with ordinality as k (number, place)
        join pg_catalog.pg_attribute as a on a.attnum = k.number
        where p.conrelid = b.oid and p.contype = 'p' and a.attrelid = b.oid
    ), 'ctid')
    from below as b group by b.oid order by max(b.depth) desc, b.oid
$$;

-- Erase at most so many rows of one table, from the end of its key: what refers to an earlier row
-- of its own table stands behind it. Where that is not so, all go at once.
create function stackdocs.erase_rows(p_table text, p_key text, p_stack uuid, p_limit integer)
returns bigint
language plpgsql volatile set search_path = ''
as $$
declare
    gone bigint;
begin
    execute format('delete from %1$s where ctid = any (array(
        select ctid from %1$s where stack_id = $1 order by %2$s limit $2))', p_table, p_key)
        using p_stack, p_limit;
    get diagnostics gone = row_count;
    return gone;
exception when foreign_key_violation then
    execute format('delete from %s where stack_id = $1', p_table) using p_stack;
    get diagnostics gone = row_count;
    return gone;
end
$$;

-- Erase pages of an owner that were read of these bytes, of whichever where none are named, and that
-- no document of theirs has any more. To be called by one at a time for an owner: of two who erase
-- the last two documents with the same bytes, neither would see the other's gone.
create function stackdocs.erase_results(p_owner text, p_bytes text[], p_limit integer)
returns bigint
language plpgsql volatile set search_path = ''
as $$
declare
    gone bigint;
begin
    delete from public.ocr_results where ctid = any (array(
        select r.ctid from public.ocr_results as r
        where r.user_id = p_owner and (p_bytes is null or r.sha256 = any (p_bytes))
            and not exists (
                select from public.stacks as s
                join public.documents as d on d.stack_id = s.id and d.sha256 = r.sha256
                where s.user_id = p_owner)
            and not exists (select from stackdocs.document_pages as l
                where l.user_id = p_owner and l.result_id = r.id)
        limit p_limit));
    get diagnostics gone = row_count;
    return gone;
end
$$;

-- Erase some documents: what is reserved for them is given back to who added them, and what was
-- read of their bytes goes where no other document of the owner has these.
create function stackdocs.erase_documents(p_stack public.stacks, p_limit integer) returns bigint
language plpgsql volatile set search_path = ''
as $$
declare
    erased pg_catalog.uuid[] := array(select d.id from public.documents as d
        where d.stack_id = p_stack.id limit p_limit for update);
    bytes pg_catalog.text[];
begin
    -- Written by one who began before the stack was gone, it may refer from one part to another.
    update public.documents set superseded_by = null
    where stack_id = p_stack.id and superseded_by is not null;
    update stackdocs.usage as u set pages = greatest(0, u.pages - held.amount)
    from (
        select d.added_by, d.reserved_pages_in as month, sum(d.reserved_pages) as amount
        from public.documents as d where d.stack_id = p_stack.id and d.id = any (erased)
        group by d.added_by, d.reserved_pages_in
    ) as held
    where u.user_id = held.added_by and u.month = held.month and held.amount > 0;
    update stackdocs.usage as u set ocr_pages = greatest(0, u.ocr_pages - held.amount)
    from (
        select d.added_by, d.reserved_ocr_in as month, sum(d.reserved_ocr) as amount
        from public.documents as d where d.stack_id = p_stack.id and d.id = any (erased)
        group by d.added_by, d.reserved_ocr_in
    ) as held
    where u.user_id = held.added_by and u.month = held.month and held.amount > 0;
    delete from public.extractions where stack_id = p_stack.id and document_id = any (erased);
    with gone as (
        delete from public.documents where stack_id = p_stack.id and id = any (erased)
        returning sha256
    )
    select array_agg(distinct gone.sha256) into bytes from gone;
    perform stackdocs.erase_results(p_stack.user_id, coalesce(bytes, '{}'), null);
    return cardinality(erased);
end
$$;

-- Erase the next part of a stack that is gone: how many rows went, 0 when nothing is left of it but
-- its folder.
create function stackdocs.erase_part(p_stack public.stacks, p_rows integer, p_documents integer)
returns bigint
language plpgsql volatile set search_path = ''
as $$
declare
    part pg_catalog.record;
    done bigint;
begin
    for part in select * from stackdocs.tables_of_stacks() loop
        done := stackdocs.erase_rows(part.name, part.key, p_stack.id, p_rows);
        if done > 0 then
            return done;
        end if;
    end loop;
    perform pg_advisory_xact_lock(hashtextextended('erase ' || p_stack.user_id, 0));
    done := stackdocs.erase_documents(p_stack, p_documents);
    if done = 0 then
        done := stackdocs.erase_results(p_stack.user_id, null, p_rows);
    end if;
    return done;
end
$$;

-- Erase a part of one stack that is gone, and that is not among those to be skipped. "rows" says how
-- many went, null that there are none left to erase; "folders" are then of the stacks that have
-- nothing left but their files. A stack that could not be erased is "failed", with the "code" of
-- why: 0 rows went, and the others come before it. Nobody waits for another who is erasing the same
-- stack.
create function public.sd_erase(p_rows integer, p_documents integer, p_skip uuid[] default '{}')
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
    gone public.stacks;
    done bigint;
begin
    perform stackdocs.serving();
    select * into gone from public.stacks
    where deleted_at is not null and not swept and id <> all (p_skip)
    order by erase_failed_at nulls first, deleted_at limit 1 for no key update skip locked;
    if gone.id is null then
        return jsonb_build_object('rows', null, 'folders', (
            select coalesce(jsonb_agg(s.id), '[]') from public.stacks as s
            where s.deleted_at is not null and s.swept and s.id <> all (p_skip)
                and (s.looked_at is null or s.looked_at <= now() - interval '1 hour')));
    end if;
    begin
        done := stackdocs.erase_part(gone, p_rows, p_documents);
        set constraints all immediate; -- what fails fails here
        if done = 0 then
            update public.stacks set swept = true where id = gone.id;
            done := 1;
        end if;
        return jsonb_build_object('rows', done);
    exception when others or query_canceled then
        -- Whatever it is that this stack cannot be erased for, the others can.
        update public.stacks set erase_failed_at = clock_timestamp() where id = gone.id;
        return jsonb_build_object('rows', 0, 'failed', gone.id, 'code', sqlstate);
    end;
end
$$;
call stackdocs.callable('public.sd_erase(integer,integer,uuid[])', 'stackdocs_server');

-- The last of a stack, when its folder is empty: whether nothing is left. Not while a file is, nor
-- while somebody who began before it was deleted has written something; then that is erased first.
-- Storage asks who may send a file before it takes the bytes, and keeps them when they are there,
-- long after perhaps. So for a day the stack's id and its owner stay, and its folder is looked into
-- again.
create function public.sd_emptied(p_stack uuid) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
    since pg_catalog.timestamptz;
begin
    perform stackdocs.serving();
    if exists (select from stackdocs.files_of(p_stack, 1)) then
        return false;
    end if;
    select coalesce(s.emptied_at, now()) into since from public.stacks as s
    where s.id = p_stack and s.deleted_at is not null and s.swept for update;
    if not found then
        return false;
    end if;
    begin
        delete from public.stacks where id = p_stack;
        if since > now() - interval '1 day' then
            raise exception using errcode = 'SD530', message = 'not yet'; -- it is there again
        end if;
    exception
        when foreign_key_violation then
            update public.stacks set swept = false where id = p_stack;
            return false;
        when sqlstate 'SD530' then
            delete from stackdocs.news where stack_id = p_stack;
            perform stackdocs.tell('00000000-0000-0000-0000-000000000000', 'members', null);
            update public.stacks set emptied_at = since, looked_at = now(), name = '',
                folder = null, policy = '{}', ocr = '{}', created_at = 'epoch'
            where id = p_stack;
    end;
    return true;
end
$$;
call stackdocs.callable('public.sd_emptied(uuid)', 'stackdocs_server');

revoke all on function stackdocs.stays_deleted(), stackdocs.tables_of_stacks(),
    stackdocs.erase_rows(text, text, uuid, integer),
    stackdocs.erase_documents(public.stacks, integer),
    stackdocs.erase_results(text, text[], integer),
    stackdocs.erase_part(public.stacks, integer, integer), stackdocs.dequeue_stack(uuid)
    from public, anon, authenticated, service_role;

revoke execute on all routines in schema stackdocs from public;
insert into stackdocs.migrations (version, name) values ('20261121000530', 'erasing');
