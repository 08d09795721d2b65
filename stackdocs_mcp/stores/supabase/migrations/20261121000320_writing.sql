-- Fields are read and written: each write judged against what stands, all of a call in one revision.

create function stackdocs.field_json(f stackdocs.fields) returns jsonb
language sql immutable
return jsonb_build_array((f).key, (f).leaf, (f).revision, (f).actor_kind, (f).actor_client,
    stackdocs.micros((f).at), (f).locked);

-- Leaves in key order, at or below a key (all of them for an empty one), behind another one.
create function stackdocs.leaves(p_by stackdocs.caller, p_extraction uuid, p_key text,
    p_after text default null, p_limit bigint default null) returns jsonb
language sql stable set search_path = ''
as $$
    select coalesce(jsonb_agg(stackdocs.field_json(found) order by found.key), '[]')
    from (
        (select f.* from stackdocs.fields as f
        where f.stack_id = p_by.stack and f.extraction_id = p_extraction and f.key = p_key
            and f.key > coalesce(p_after, ''))
        union all
        (select f.* from stackdocs.fields as f
        where f.stack_id = p_by.stack and f.extraction_id = p_extraction
            and f.key > greatest(p_key || '/' collate "C", p_after collate "C")
            and f.key < p_key || '0'
        order by f.key limit p_limit)
        order by key limit p_limit
    ) as found
$$;

-- SD108: the document has no extraction of this number.
create function public.sd_fields(p_call jsonb, p_document uuid, p_extraction integer, p_below text,
    p_after text, p_limit bigint) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter(p_call);
    held stackdocs.held := stackdocs.held(me, p_document);
    extraction uuid := held.extraction;
begin
    if p_extraction is not null then
        select e.id into extraction from public.extractions as e
        where e.stack_id = me.stack and e.document_id = p_document and e.number = p_extraction;
        if not found then
            raise exception using errcode = 'SD108', message = 'no such extraction',
                detail = jsonb_build_object('number', p_extraction)::text;
        end if;
    end if;
    return stackdocs.leaves(me, extraction, p_below, p_after, p_limit);
end
$$;
call stackdocs.callable('public.sd_fields(jsonb,uuid,integer,text,text,bigint)', 'authenticated');

-- The keys above a key, the shortest first.
create function stackdocs.above(p_key text) returns text[]
language sql immutable set search_path = ''
as $$
    select coalesce(array_agg(array_to_string(parts[1:level], '/') order by level), '{}')
    from (select string_to_array(p_key, '/') as parts) as split,
        generate_series(2, cardinality(parts) - 1) as level
$$;

-- Ranges of keys with a member below one of the keys above where this key has a row, or the
-- reverse; in the order in which they are looked through. "$" follows the "#" of rows in ASCII.
create function stackdocs.other_kinds(p_key text) returns table (place bigint, low text, high text)
language sql immutable set search_path = ''
as $$
    select row_number() over (order by level, half), above || starts, above || ends
    from (select string_to_array(p_key, '/') as parts) as split,
        generate_series(2, cardinality(parts) - 1) as level,
        lateral (select array_to_string(parts[1:level], '/') as above) as prefix,
        lateral (
            values (1, '/', '/#', true), (2, '/$', '0', true), (1, '/#', '/$', false)
        ) as ranges (half, starts, ends, below_row)
    where below_row = (parts[level + 1] like '#%')
$$;

-- A write with its verdict: "same", a conflict, or null for one that is done.
create type stackdocs.verdict as (
    n integer, path text, leaves integer, verdict text, above text, above_leaf text,
    above_locked boolean, obstacle jsonb
);

create type stackdocs.written as (tally stackdocs.tally, answers jsonb);

-- Judge writes of which none touches what another one looks at, and do those that may be. The
-- answers are [conflict or "same" or null, ordinal of the change, leaves in the way].
create function stackdocs.write_apart(p_by stackdocs.caller, p_held stackdocs.held,
    p_tally stackdocs.tally, p_writes jsonb) returns stackdocs.written
language plpgsql volatile set search_path = '' set enable_nestloop = off
as $$
declare
    person constant boolean := p_by.kind = 'person';
    pairs stackdocs.change_leaf[];
    verdicts stackdocs.verdict[];
    made stackdocs.new_change[];
    leaves stackdocs.change_leaf[];
    numbers jsonb;
    answer stackdocs.written;
begin
    -- What stands at each path, beside what shall. A locked leaf whose value an agent repeats stays
    -- as it is.
    with writes as materialized (
        select n::integer as n, one ->> 'path' as path, (one ->> 'scalar')::boolean as scalar,
            one -> 'leaves' as leaves
        from jsonb_array_elements(p_writes) with ordinality as given (one, n)
    ), there as (
        select w.n, f.key, f.leaf, f.locked
        from writes as w cross join lateral (
            select f.key, f.leaf, f.locked from stackdocs.fields as f
            where f.stack_id = p_by.stack and f.extraction_id = p_held.extraction
                and f.key = w.path
            union all
            select f.key, f.leaf, f.locked from stackdocs.fields as f
            where f.stack_id = p_by.stack and f.extraction_id = p_held.extraction
                and f.key >= w.path || '/' and f.key < w.path || '0' and not w.scalar
        ) as f
    ), wanted as (
        select w.n, leaf ->> 0 as key, leaf ->> 1 as leaf
        from writes as w, jsonb_array_elements(w.leaves) as leaf
    )
    select coalesce(array_agg(row(n, key, t.leaf, coalesce(t.locked, false),
        case when stays then t.leaf else w.leaf end,
        case when stays then true else w.leaf is not null and person end
    )::stackdocs.change_leaf), '{}') into pairs
    from there as t full join wanted as w using (n, key)
    cross join lateral (select coalesce(not person and t.locked
        and stackdocs.value_of(t.leaf) = stackdocs.value_of(w.leaf), false) as stays) as s;

    with writes as materialized (
        select n::integer as n, one ->> 'path' as path, (one ->> 'scalar')::boolean as scalar,
            (one ->> 'expected')::bigint as expected, jsonb_array_length(one -> 'leaves') as leaves
        from jsonb_array_elements(p_writes) with ordinality as given (one, n)
    ), counted as (
        select ordinal, count(before) as there, bool_or(differs) as differs,
            bool_or(differs and locked_before) as locked
        from unnest(pairs) cross join lateral (
            select before is distinct from after or locked_before <> locked_after as differs
        ) as d group by ordinal
    ), judged as (
        select w.*, a.key as above, a.leaf as above_leaf, a.locked as above_locked,
            case
                when w.leaves > 0 and not c.differs then 'same'
                when w.expected <> p_held.revision then 'stale_revision'
                when not person and (a.locked or c.locked) then 'locked'
                when w.leaves = 0 and c.there is null then 'field_not_found'
                when w.leaves = 0 or c.there > 0 then null -- beside them nothing is in the way
                when a.key is not null and left(stackdocs.value_of(a.leaf), 1)
                    <> case when substr(w.path, length(a.key) + 2, 1) = '#' then '[' else '{' end
                    then 'above'
                else 'around'
            end as verdict
        from writes as w left join counted as c on c.ordinal = w.n
        left join lateral (
            select f.* from stackdocs.fields as f
            where f.stack_id = p_by.stack and f.extraction_id = p_held.extraction
                and f.key = any (stackdocs.above(w.path))
                and w.leaves > 0 and c.there = 0
            limit 1
        ) as a on true
    )
    select array_agg(row(j.n, j.path, j.leaves, case
            when j.verdict = 'above' then 'path_conflict'
            when j.verdict <> 'around' or j.verdict is null then j.verdict
            when o.obstacle is not null then 'path_conflict'
        end, j.above, j.above_leaf, j.above_locked, o.obstacle)::stackdocs.verdict order by j.n)
    into verdicts
    from judged as j left join lateral (
        select obstacle from (
            (select 0::bigint as place, stackdocs.field_json(f) as obstacle
            from stackdocs.fields as f
            where j.verdict = 'above' and f.stack_id = p_by.stack
                and f.extraction_id = p_held.extraction and f.key = j.above)
            union all
            (select r.place, f.obstacle from stackdocs.other_kinds(j.path) as r cross join lateral (
                select stackdocs.field_json(f) as obstacle from stackdocs.fields as f
                where f.stack_id = p_by.stack and f.extraction_id = p_held.extraction
                    and f.key >= r.low and f.key < r.high
                order by f.key limit 1
            ) as f where j.verdict = 'around' order by r.place limit 1)
            union all
            (select 1000, stackdocs.field_json(f) as obstacle from stackdocs.fields as f
            where j.verdict = 'around' and j.scalar and f.stack_id = p_by.stack
                and f.extraction_id = p_held.extraction
                and f.key >= j.path || '/' and f.key < j.path || '0'
            order by f.key limit 1)
        ) as obstacles order by place limit 1
    ) as o on j.verdict in ('above', 'around');

    -- A leaf above gives way to the first of those that are below it.
    with done as (
        select v.*, p_tally.changes + row_number() over (order by v.n)::integer as ordinal,
            row_number() over (partition by v.above order by v.n) = 1 as first_below
        from unnest(verdicts) as v where v.verdict is null
    )
    select array_agg(row(d.ordinal, case when d.leaves > 0 then 'set' else 'delete' end, d.path,
            null, null, p_by.kind, p_by.client)::stackdocs.new_change order by d.ordinal),
        (select array_agg(one) from (
            select row(d.ordinal, p.key, p.before, p.locked_before, p.after,
                p.locked_after)::stackdocs.change_leaf as one
            from done as d join unnest(pairs) as p on p.ordinal = d.n
            union all
            select row(d.ordinal, d.above, d.above_leaf, d.above_locked, null,
                false)::stackdocs.change_leaf
            from done as d where d.above is not null and d.first_below
        ) as leaves),
        (select jsonb_object_agg(d.n, d.ordinal) from done as d)
    into made, leaves, numbers
    from done as d;

    select jsonb_agg(jsonb_build_array(
            case when v.verdict <> 'same' then coalesce(l.conflict, v.verdict) end,
            numbers -> v.n::text, coalesce(l.current, '[]')) order by v.n)
    into answer.answers
    from unnest(verdicts) as v left join lateral (
        select null as conflict, stackdocs.leaves(p_by, p_held.extraction, v.path) as current
        where v.verdict = 'stale_revision'
        union all
        select null, jsonb_agg(stackdocs.field_json(f) order by f.key)
        from stackdocs.fields as f
        where v.verdict = 'locked' and f.stack_id = p_by.stack
            and f.extraction_id = p_held.extraction and f.locked and (f.key = v.above
                or f.key in (select p.key from unnest(pairs) as p where p.ordinal = v.n
                    and (p.before is distinct from p.after or p.locked_before <> p.locked_after)))
        having v.verdict = 'locked'
        union all
        select case when below.locked is not null then 'locked' end,
            coalesce(below.locked, jsonb_build_array(v.obstacle))
        from (
            select jsonb_agg(stackdocs.field_json(f) order by f.key) as locked
            from stackdocs.fields as f
            where v.verdict = 'path_conflict' and not person and f.stack_id = p_by.stack
                and f.extraction_id = p_held.extraction and f.locked
                and f.key >= v.path || '/' and f.key < v.path || '0'
        ) as below
        where v.verdict = 'path_conflict'
    ) as l on true;

    answer.tally := p_tally;
    if made is not null then
        answer.tally := stackdocs.append(p_by, p_held, p_tally, made, leaves);
    end if;
    return answer;
end
$$;

-- A document that has all its pages, and those that were looked at. SD101: it has not got them.
-- SD102: it has others. Null is for any, as in core/ports.py.
create function stackdocs.ready(p_held stackdocs.held, p_readings integer) returns void
language plpgsql stable set search_path = ''
as $$
begin
    if p_held.status in ('processing', 'failed') then
        raise exception using errcode = 'SD101', message = 'not ready',
            detail = jsonb_build_object('status', p_held.status)::text;
    end if;
    if p_readings <> p_held.readings then
        raise exception using errcode = 'SD102', message = 'stale check',
            detail = '{"what": "pages"}';
    end if;
end
$$;

create function stackdocs.write(p_by stackdocs.caller, p_held stackdocs.held, p_runs jsonb)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    tally stackdocs.tally := stackdocs.begun(p_held, p_held.revision + 1);
    part stackdocs.written;
    run jsonb;
    answers jsonb := '[]';
begin
    for run in select one from jsonb_array_elements(p_runs) as one loop
        part := stackdocs.write_apart(p_by, p_held, tally, run);
        tally := part.tally;
        answers := answers || part.answers;
    end loop;
    perform stackdocs.close(p_by, p_held, tally);
    return jsonb_build_object('answers', answers,
        'revision', p_held.revision + (tally.changes > 0)::integer);
end
$$;

-- The writes come in runs; none of a run touches what another one of it looks at. A write is
-- {"path", "leaves": [[key, text]...], "scalar", "expected"}, all keys as in core/paths.py.
create function public.sd_write(p_call jsonb, p_document uuid, p_runs jsonb, p_readings integer,
    p_dry_run boolean) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
    answer jsonb := stackdocs.answered(me, p_call, 'write');
    held stackdocs.held;
begin
    if answer is not null then
        return answer;
    end if;
    held := stackdocs.hold(me, p_document);
    perform stackdocs.ready(held, p_readings);
    if not p_dry_run then
        return stackdocs.keep(me, p_call, 'write', stackdocs.write(me, held, p_runs));
    end if;
    begin
        answer := stackdocs.write(me, held, p_runs);
        raise exception using errcode = 'SD121', message = 'nothing of this is kept';
    exception when sqlstate 'SD121' then
        return answer;
    end;
end
$$;
call stackdocs.callable('public.sd_write(jsonb,uuid,jsonb,integer,boolean)', 'authenticated');

-- SD103: the extraction is at another revision than the one that was checked, or none was. Null is
-- for any readings and any version, as in core/ports.py.
create function public.sd_complete(p_call jsonb, p_document uuid, p_revision bigint,
    p_readings integer, p_version text, p_reason text, p_acknowledged text) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
    held stackdocs.held := stackdocs.hold(me, p_document);
    tally stackdocs.tally;
    last_ordinal integer;
begin
    if held.status = 'completed' then
        return stackdocs.document(me, p_document);
    end if;
    perform stackdocs.ready(held, p_readings);
    if p_revision is distinct from held.revision then
        raise exception using errcode = 'SD103', message = 'stale revision',
            detail = jsonb_build_object('expected', p_revision, 'current', held.revision)::text;
    end if;
    if p_version <> (select encode(sha256(convert_to(
            s.policy || E'\n' || coalesce(s.field_schema, ''), 'UTF8')), 'hex')
            from public.stacks as s where s.id = me.stack) then
        raise exception using errcode = 'SD102', message = 'stale check',
            detail = '{"what": "rules"}';
    end if;
    select coalesce(max(c.ordinal), 0) into last_ordinal from stackdocs.changes as c
    where c.stack_id = me.stack and c.extraction_id = held.extraction
        and c.revision = held.revision;
    tally := stackdocs.append(me, held, stackdocs.begun(held, held.revision),
        array[row(last_ordinal + 1, 'complete', '', null, null, me.kind,
            me.client)::stackdocs.new_change], '{}', p_reason, p_acknowledged);
    update public.documents set status = 'completed', updated_at = me.now, digest = tally.digest
    where stack_id = me.stack and id = p_document;
    return stackdocs.document(me, p_document);
end
$$;
call stackdocs.callable('public.sd_complete(jsonb,uuid,bigint,integer,text,text,text)',
    'authenticated');

grant execute on function stackdocs.field_json(stackdocs.fields),
    stackdocs.leaves(stackdocs.caller, uuid, text, text, bigint), stackdocs.above(text),
    stackdocs.other_kinds(text),
    stackdocs.write_apart(stackdocs.caller, stackdocs.held, stackdocs.tally, jsonb),
    stackdocs.ready(stackdocs.held, integer),
    stackdocs.write(stackdocs.caller, stackdocs.held, jsonb)
    to authenticated;

revoke execute on all routines in schema stackdocs from public;
insert into stackdocs.migrations (version, name) values ('20261121000320', 'writing');
