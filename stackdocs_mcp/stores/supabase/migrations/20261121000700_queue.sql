-- Documents that are to be read wait in a queue of pgmq, which is what Supabase Queues runs, so that
-- any number of processes share the work.
--
-- A message is {"stack", "owner", "document"}: ids, and nothing of what is in the document. It comes
-- in with the transaction that makes a document "processing", and goes when the document is not any
-- more. Its visibility timeout is the lease of whoever reads: one that dies lets it run out, and the
-- message is there for the next.

-- Every document that is to be read has a message, and a queue that was dropped or purged has lost
-- them: of so many such documents behind this one, those without a message get one. Answers which was
-- the last that was looked at; null at the end.
create function stackdocs.enqueue_lost(p_stack uuid, p_document uuid, p_count bigint) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    zeros constant pg_catalog.uuid := '00000000-0000-0000-0000-000000000000';
    last pg_catalog.jsonb;
begin
    -- One at a time: two would put the same into the queue.
    perform pg_advisory_xact_lock(hashtextextended('stackdocs.enqueue_lost', 0));
    with waiting as materialized (
        select d.stack_id, d.id, d.user_id from public.documents as d
        where d.status = 'processing'
            and (d.stack_id, d.id) > (coalesce(p_stack, zeros), coalesce(p_document, zeros))
        order by d.stack_id, d.id limit p_count
    ), sent as materialized (
        select pgmq.send('stackdocs_reading', jsonb_build_object(
            'stack', d.stack_id, 'owner', d.user_id, 'document', d.id)) as id
        from waiting as d
        join public.stacks as s on s.id = d.stack_id and s.deleted_at is null
            and s.user_id = d.user_id
        where not exists (
            select from pgmq.q_stackdocs_reading as q
            where q.message ->> 'document' = d.id::pg_catalog.text
                and q.message ->> 'stack' = d.stack_id::pg_catalog.text
        )
    )
    select jsonb_build_object('stack', d.stack_id, 'document', d.id) into last
    from waiting as d, (select count(*) from sent) as done
    order by d.stack_id desc, d.id desc limit 1;
    return last;
end
$$;
revoke all on function stackdocs.enqueue_lost(uuid, uuid, bigint)
    from public, anon, authenticated, service_role;

-- Also to be called when somebody has dropped or purged the queue.
create procedure stackdocs.make_queue()
language plpgsql set search_path = ''
as $$
begin
    if to_regprocedure('pgmq.create(text)') is null then
        if not exists (select from pg_available_extensions where name = 'pgmq') then
            raise exception using errcode = 'SD700', message = 'pgmq is not in this database: '
                'enable Queues under Integrations in the Supabase dashboard, then migrate again';
        end if;
        create extension pgmq;
    end if;
    perform pgmq.create('stackdocs_reading');
    -- Owners take turns, each with its oldest message first.
    create index if not exists stackdocs_reading_by_owner
        on pgmq.q_stackdocs_reading ((coalesce(message ->> 'owner', '')), msg_id);
    create index if not exists stackdocs_reading_by_document
        on pgmq.q_stackdocs_reading ((message ->> 'document'));
    -- Nobody but the functions below, which run as whoever made it.
    alter table pgmq.q_stackdocs_reading enable row level security;
    alter table pgmq.a_stackdocs_reading enable row level security;
    revoke all on pgmq.q_stackdocs_reading, pgmq.a_stackdocs_reading
        from public, anon, authenticated, service_role;
    perform stackdocs.enqueue_lost(null, null, null);
end
$$;
revoke all on procedure stackdocs.make_queue() from public, anon, authenticated, service_role;

call stackdocs.make_queue();

-- SD700: the queue was dropped. Said by those who find out.
create function stackdocs.no_queue() returns void
language plpgsql stable set search_path = ''
as $$
begin
    raise exception using errcode = 'SD700', message = 'the queue is missing';
end
$$;

-- Not as whoever writes the document: nobody else may put anything into the queue.
create function stackdocs.enqueue() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform set_config('search_path', 'pg_catalog, pg_temp', true); -- pgmq qualifies no types
    perform pgmq.send('stackdocs_reading', jsonb_build_object(
        'stack', new.stack_id, 'owner', new.user_id, 'document', new.id));
    return null;
exception when undefined_table or undefined_function or invalid_schema_name then
    perform stackdocs.no_queue();
    return null;
end
$$;

create trigger documents_queued after insert on public.documents
    for each row when (new.status = 'processing') execute function stackdocs.enqueue();
create trigger documents_queued_again after update of status on public.documents
    for each row when (new.status = 'processing' and old.status <> 'processing')
    execute function stackdocs.enqueue();

-- What was read, by whomever, is out of the queue in the same transaction: also where no worker ever
-- looks into it. A queue that is missing has nothing to lose.
create function stackdocs.dequeue() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform set_config('search_path', 'pg_catalog, pg_temp', true); -- see above
    perform pgmq.delete('stackdocs_reading', array_agg(q.msg_id))
    from pgmq.q_stackdocs_reading as q
    where q.message ->> 'document' = old.id::pg_catalog.text
        and q.message ->> 'stack' = old.stack_id::pg_catalog.text
    having count(*) > 0;
    return null;
exception when undefined_table or undefined_function or invalid_schema_name then
    return null;
end
$$;

create trigger documents_read after update of status on public.documents
    for each row when (old.status = 'processing' and new.status <> 'processing')
    execute function stackdocs.dequeue();
create trigger documents_gone after delete on public.documents
    for each row when (old.status = 'processing') execute function stackdocs.dequeue();

-- What a message says, if that is an id.
create function stackdocs.named(p_message jsonb, p_part text) returns uuid
language sql immutable set search_path = ''
as $$
    select case when p_message ->> p_part ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
        then (p_message ->> p_part)::pg_catalog.uuid end
$$;

-- How things stand with a message: null for one to be dropped, because its document is gone, is of
-- another stack or owner than it says, or is not to be read any more. Otherwise whether somebody is
-- reading these bytes now: see claim.
create function stackdocs.is_read(p_message jsonb, p_now timestamptz) returns boolean
language sql stable set search_path = ''
as $$
    select coalesce(d.claimed_until > p_now, false) or exists (
        select 1 from public.documents as twin
        where twin.user_id = d.user_id and twin.sha256 = d.sha256
            and twin.claimed_until > p_now and twin.stack_id <> d.stack_id
    )
    from public.documents as d
    join public.stacks as s on s.id = d.stack_id and s.deleted_at is null
    where d.stack_id = stackdocs.named(p_message, 'stack')
        and d.id = stackdocs.named(p_message, 'document')
        and d.user_id = p_message ->> 'owner' and s.user_id = d.user_id
        and d.status = 'processing'
$$;

-- The next message, hidden for so long from everybody else; null for none. pgmq's own read gives
-- out what came first, and one owner's thousand documents would keep all others waiting: here the
-- owner is next that was served least lately by whoever asks, and p_full are given nothing.
--
-- However many messages are there for nothing, a call ends soon: after so many of an owner it looks at
-- the next owner's, and after so many in all it says false, which is: ask again. What it looked at is
-- dropped or hidden by then.
create function public.sd_queue_take(p_now bigint, p_seconds integer, p_served text[],
    p_full text[]) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
    of_each constant integer := 250;
    in_all constant integer := 1000;
    looked integer := 0;
    more boolean := false;
    behind bigint;
    next_owner pg_catalog.text;
    one pg_catalog.record;
    is_read boolean;
begin
    perform stackdocs.serving();
    for next_owner in
        with recursive owners (name) as (
            (select coalesce(q.message ->> 'owner', '') from pgmq.q_stackdocs_reading as q
            order by 1 limit 1)
            union all
            select (select coalesce(q.message ->> 'owner', '') from pgmq.q_stackdocs_reading as q
                where coalesce(q.message ->> 'owner', '') > o.name order by 1 limit 1)
            from owners as o where o.name is not null
        )
        select o.name from owners as o
        where o.name is not null and not o.name = any (p_full)
        order by array_position(p_served, o.name) nulls first, o.name
    loop
        behind := 0; -- or each look would pass again over what this call has dropped
        for nth in 1 .. of_each loop
            select q.msg_id, q.read_ct, q.message into one from pgmq.q_stackdocs_reading as q
            where coalesce(q.message ->> 'owner', '') = next_owner and q.msg_id > behind
                and q.vt <= clock_timestamp()
            order by q.msg_id limit 1 for update skip locked;
            exit when not found;
            is_read := stackdocs.is_read(one.message, stackdocs.moment(p_now));
            if is_read is null then
                perform pgmq.delete('stackdocs_reading', one.msg_id);
            elsif is_read then -- that is no try: it is looked at again a little later
                perform pgmq.set_vt('stackdocs_reading', one.msg_id, 5);
            else
                update pgmq.q_stackdocs_reading as q
                set vt = clock_timestamp() + make_interval(secs => p_seconds),
                    read_ct = q.read_ct + 1
                where q.msg_id = one.msg_id;
                return one.message || jsonb_build_object('id', one.msg_id, 'tries',
                    one.read_ct + 1);
            end if;
            behind := one.msg_id;
            looked := looked + 1;
            if looked = in_all then
                return 'false';
            end if;
            more := more or nth = of_each;
        end loop;
    end loop;
    return case when more then 'false'::pg_catalog.jsonb end;
exception when undefined_table or undefined_function or invalid_schema_name then
    perform stackdocs.no_queue();
    return null;
end
$$;
call stackdocs.callable('public.sd_queue_take(bigint,integer,text[],text[])', 'stackdocs_server');

-- Whether this is still the try that took the message; if so, nobody else gets at it meanwhile.
create function stackdocs.holds(p_id bigint, p_tries integer) returns boolean
language plpgsql volatile set search_path = ''
as $$
begin
    perform from pgmq.q_stackdocs_reading as q
    where q.msg_id = p_id and q.read_ct = p_tries for update;
    return found;
exception when undefined_table or invalid_schema_name then
    perform stackdocs.no_queue();
    return null;
end
$$;

-- Hide the message for so long from now on. False when it is another's by now, or gone.
create function public.sd_queue_extend(p_id bigint, p_tries integer, p_seconds integer)
returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform stackdocs.serving();
    if not stackdocs.holds(p_id, p_tries) then
        return false;
    end if;
    perform pgmq.set_vt('stackdocs_reading', p_id, p_seconds);
    return true;
end
$$;
call stackdocs.callable('public.sd_queue_extend(bigint,integer,integer)', 'stackdocs_server');

-- The message goes, if it is still there. It is deleted, not archived: an archive of what was read
-- would only grow.
create function public.sd_queue_done(p_id bigint, p_tries integer) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform stackdocs.serving();
    if stackdocs.holds(p_id, p_tries) then
        perform pgmq.delete('stackdocs_reading', p_id);
    end if;
end
$$;
call stackdocs.callable('public.sd_queue_done(bigint,integer)', 'stackdocs_server');

-- Somebody else is to have it, so many seconds from now. A try that was given up does not count:
-- the message begins anew.
create function public.sd_queue_release(p_id bigint, p_tries integer, p_seconds integer)
returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    given pg_catalog.jsonb;
begin
    perform stackdocs.serving();
    if stackdocs.holds(p_id, p_tries) then
        select q.message into given from pgmq.q_stackdocs_reading as q where q.msg_id = p_id;
        perform pgmq.delete('stackdocs_reading', p_id);
        perform pgmq.send('stackdocs_reading', given, p_seconds);
    end if;
end
$$;
call stackdocs.callable('public.sd_queue_release(bigint,integer,integer)', 'stackdocs_server');

-- As enqueue_lost, for a worker, of at most a thousand documents: it is told how far that came, and
-- nothing else.
create function public.sd_queue_mend(p_stack uuid, p_document uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform stackdocs.serving();
    return stackdocs.enqueue_lost(p_stack, p_document, 1000);
exception when undefined_table or undefined_function or invalid_schema_name then
    perform stackdocs.no_queue();
    return null;
end
$$;
call stackdocs.callable('public.sd_queue_mend(uuid,uuid)', 'stackdocs_server');

-- How many messages there are, also of what is being read.
create function public.sd_queue_depth() returns bigint
language plpgsql stable security definer set search_path = ''
as $$
begin
    perform stackdocs.serving();
    return (select count(*) from pgmq.q_stackdocs_reading);
exception when undefined_table or invalid_schema_name then
    perform stackdocs.no_queue();
    return null;
end
$$;
call stackdocs.callable('public.sd_queue_depth()', 'stackdocs_server');

-- How many messages there are, how many of them somebody holds, and for how many seconds the oldest
-- of the others has been there: for who wants to know whether anybody reads at all.
create function public.sd_queue_waiting() returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
    perform stackdocs.serving();
    return (
        select jsonb_build_object('documents', count(*),
            'taken', count(*) filter (where q.vt > clock_timestamp()),
            'seconds', coalesce(floor(extract(epoch from clock_timestamp()
                - min(q.enqueued_at) filter (where q.vt <= clock_timestamp())))::pg_catalog.int8, 0))
        from pgmq.q_stackdocs_reading as q
    );
exception when undefined_table or invalid_schema_name then
    perform stackdocs.no_queue();
    return null;
end
$$;
call stackdocs.callable('public.sd_queue_waiting()', 'stackdocs_server');

revoke execute on all routines in schema stackdocs from public;
insert into stackdocs.migrations (version, name) values ('20261121000700', 'queue');
