-- Changes are undone, and made again.
--
-- A change stands until an undo of it stands. A later change counts against an undo when it stands
-- and touched the same leaf, or one that could not stand beside it - but for the undo of a change
-- that is later itself: the two cancel out. So changes at one place are undone in the reverse order
-- of their making.

create function stackdocs.change_id(p_revision bigint, p_ordinal integer) returns text
language sql immutable
return p_revision || '-' || p_ordinal;

-- The changes to be reversed, the last one first: the one with this id, or of a whole call those
-- that stand. SD105: nothing to undo. SD106: nothing to redo. SD107: there is no such change.
-- SD109: it is one of an earlier extraction.
create function stackdocs.to_reverse(p_by stackdocs.caller, p_held stackdocs.held,
    p_revision bigint, p_ordinal bigint, p_redo boolean) returns stackdocs.changes[]
language plpgsql stable set search_path = ''
as $$
declare
    wanted bigint := p_revision;
    within bigint := p_ordinal;
    answer stackdocs.changes[];
begin
    if p_revision is null and p_redo then
        select c.revision, c.ordinal into wanted, within from stackdocs.changes as c
        where c.stack_id = p_by.stack and c.extraction_id = p_held.extraction and c.standing
            and c.action = 'undo'
        order by c.revision desc, c.ordinal desc limit 1;
        if not found or exists (select 1 from stackdocs.changes as c
            where c.stack_id = p_by.stack and c.extraction_id = p_held.extraction
                and (c.revision, c.ordinal) > (wanted, within)
                and c.action in ('set', 'delete', 'release')) then
            raise exception using errcode = 'SD106', message = 'nothing to redo',
                detail = '{"change": null}';
        end if;
        within := null; -- the whole call
    elsif p_revision is null then
        select c.revision, c.ordinal into wanted, within from stackdocs.changes as c
        where c.stack_id = p_by.stack and c.extraction_id = p_held.extraction and c.standing
            and c.action in ('set', 'delete', 'release')
        order by c.revision desc, c.ordinal desc limit 1;
        if not found then
            raise exception using errcode = 'SD105', message = 'nothing to undo';
        end if;
    end if;

    select array_agg(c order by c.ordinal desc) into answer from stackdocs.changes as c
    where c.stack_id = p_by.stack and c.extraction_id = p_held.extraction
        and c.revision = wanted and (within is null or c.ordinal = within);
    if answer is null and exists (select 1 from public.extractions as e
        join stackdocs.changes as c on c.stack_id = e.stack_id and c.extraction_id = e.id
            and c.revision = wanted and (within is null or c.ordinal = within)
        where e.stack_id = p_by.stack and e.document_id = p_held.document
            and e.id <> p_held.extraction) then
        raise exception using errcode = 'SD109', message = 'of an earlier extraction',
            detail = '{"change": ""}';
    end if;
    if answer is null then
        raise exception using errcode = 'SD107', message = 'no such change',
            detail = '{"change": ""}';
    end if;

    select array_agg(c order by c.ordinal desc) into answer from unnest(answer) as c
    where c.action not in ('complete', 'start');
    if answer is null then
        raise exception using errcode = 'SD105', message = 'nothing to undo';
    end if;
    -- Where none of a call stands, its last one, so that it is said what came after it.
    select coalesce(array_agg(c order by c.ordinal desc) filter (where c.standing), answer[1:1])
    into answer from unnest(answer) as c;
    if p_redo and p_revision is not null
        and exists (select 1 from unnest(answer) as c where c.action <> 'undo') then
        raise exception using errcode = 'SD106', message = 'nothing to redo',
            detail = '{"change": ""}';
    end if;
    return answer;
end
$$;

-- Ranges of the keys themselves and of what cannot stand beside them: a value above or below, and
-- a member of an object where a row of a list is, or the reverse.
create function stackdocs.around(p_keys text[]) returns table (low text, high text)
language sql immutable set search_path = ''
as $$
    select key, key || e'\x01' from unnest(p_keys) as key -- no name has a control character
    union
    select key || '/', key || '0' from unnest(p_keys) as key
    union
    select up, up || e'\x01' from unnest(p_keys) as key, unnest(stackdocs.above(key)) as up
    union
    select other.low, other.high from unnest(p_keys) as key, stackdocs.other_kinds(key) as other
$$;

-- For each of these changes of one call (all of them are to be reversed) the last later one that
-- counts against that, and the standing undo of it, if that is what stands against it. Sub-selects
-- that end in "offset 0" are made for each row, by index: joined, all later changes would be read.
-- Outside of one it is asked what was touched, so that it is not the index of that which is taken.
create function stackdocs.followed(p_by stackdocs.caller, p_held stackdocs.held,
    p_changes stackdocs.changes[]) returns table (ordinal integer, later text, undone_by text)
language sql stable set search_path = '' set enable_nestloop = off
as $$
    with given as materialized (
        select g.revision, g.ordinal from unnest(p_changes) as g
    ), later as (
        select distinct one.ordinal, c.revision, c.ordinal as later_ordinal,
            coalesce(c.undoes_revision = one.revision and c.undoes_ordinal = one.ordinal, false)
                as undoes
        from given as one
        cross join lateral stackdocs.around(array(
            select l.key::text from (
                select l.key, l.touched from stackdocs.change_leaves as l
                where l.stack_id = p_by.stack and l.extraction_id = p_held.extraction
                    and l.revision = one.revision and l.ordinal = one.ordinal
                offset 0
            ) as l where l.touched
        )) as r
        cross join lateral (
            select l.revision, l.ordinal from stackdocs.change_leaves as l
            where l.stack_id = p_by.stack and l.extraction_id = p_held.extraction and l.touched
                and l.key >= r.low and l.key < r.high
                and (l.revision, l.ordinal) > (one.revision, one.ordinal)
            offset 0
        ) as l
        cross join lateral (
            select c.revision, c.ordinal, c.undoes_revision, c.undoes_ordinal
            from stackdocs.changes as c
            where c.stack_id = p_by.stack and c.extraction_id = p_held.extraction
                and c.revision = l.revision and c.ordinal = l.ordinal and c.standing
                and (c.undoes_revision is null
                    or (c.undoes_revision, c.undoes_ordinal) <= (one.revision, one.ordinal))
            offset 0
        ) as c
    )
    select l.ordinal,
        (array_agg(stackdocs.change_id(l.revision, l.later_ordinal)
            order by l.revision desc, l.later_ordinal desc))[1],
        min(stackdocs.change_id(l.revision, l.later_ordinal)) filter (where l.undoes)
    from later as l
    where not exists (select 1 from given as g
        where g.revision = l.revision and g.ordinal = l.later_ordinal)
    group by l.ordinal
$$;

-- Of these changes of one call none touches a leaf at another one's path, or what another touches.
create function stackdocs.apart(p_by stackdocs.caller, p_held stackdocs.held,
    p_changes stackdocs.changes[]) returns boolean
language sql stable set search_path = '' set enable_nestloop = off
as $$
    with given as materialized (
        select g.revision, g.ordinal, g.path::text as path from unnest(p_changes) as g
    ), touched as materialized (
        select g.ordinal, l.key::text as key from given as g cross join lateral (
            select l.key, l.touched from stackdocs.change_leaves as l
            where l.stack_id = p_by.stack and l.extraction_id = p_held.extraction
                and l.revision = g.revision and l.ordinal = g.ordinal
            offset 0
        ) as l where l.touched
    )
    select cardinality(p_changes) = 1 or not exists (
        select 1 from touched as t cross join lateral unnest(stackdocs.above(t.key) || t.key) as up
        join given as g on g.path = up and g.ordinal <> t.ordinal
        union all
        select 1 from touched as t group by t.key having count(*) > 1
        union all
        select 1 from given as g where g.path = ''
    )
$$;

-- The leaves at the paths of these changes and those that they touched: as they are, and with what
-- stood before the changes put back. They are apart, and numbered from here on.
create function stackdocs.put_back(p_by stackdocs.caller, p_held stackdocs.held,
    p_changes stackdocs.changes[], p_first integer) returns stackdocs.change_leaf[]
language sql stable set search_path = '' set enable_nestloop = off
as $$
    with given as materialized (
        select g.revision, g.ordinal, g.path::text as path,
            p_first - 1 + row_number() over (order by g.ordinal desc)::integer as n
        from unnest(p_changes) as g
    ), touched as materialized (
        select g.n, l.key, l.before, l.locked_before from given as g cross join lateral (
            select l.key, l.before, l.locked_before, l.touched from stackdocs.change_leaves as l
            where l.stack_id = p_by.stack and l.extraction_id = p_held.extraction
                and l.revision = g.revision and l.ordinal = g.ordinal
            offset 0
        ) as l where l.touched
    ), there as (
        select g.n, f.key, f.leaf, f.locked from given as g cross join lateral (
            select f.key, f.leaf, f.locked from stackdocs.fields as f
            where f.stack_id = p_by.stack and f.extraction_id = p_held.extraction
                and f.key = g.path
            union all
            select f.key, f.leaf, f.locked from stackdocs.fields as f
            where f.stack_id = p_by.stack and f.extraction_id = p_held.extraction
                and f.key >= g.path || '/' and f.key < g.path || '0'
        ) as f
        union
        select t.n, f.key, f.leaf, f.locked from touched as t cross join lateral (
            select f.key, f.leaf, f.locked from stackdocs.fields as f
            where f.stack_id = p_by.stack and f.extraction_id = p_held.extraction
                and f.key = t.key
            offset 0
        ) as f
    )
    select coalesce(array_agg(row(n, key, now.leaf, coalesce(now.locked, false),
        case when t.key is null then now.leaf else t.before end,
        case when t.key is null then now.locked else t.locked_before end
    )::stackdocs.change_leaf), '{}')
    from there as now full join touched as t using (n, key)
    where now.leaf is not null or t.before is not null
$$;

-- Where an agent may not do this: the first of these changes, and the first key of it. Nowhere for
-- a person.
create function stackdocs.locked_among(p_by stackdocs.caller, p_pairs stackdocs.change_leaf[])
returns table (n integer, key text)
language sql stable set search_path = ''
as $$
    select p.ordinal, p.key from unnest(p_pairs) as p
    where p_by.kind <> 'person' and (p.locked_before or p.locked_after)
        and (p.before is distinct from p.after or p.locked_before <> p.locked_after)
    order by p.ordinal, p.key limit 1
$$;

-- The last change by this kind of actor that could be undone now, of the newest of them.
create function stackdocs.own_last(p_by stackdocs.caller, p_held stackdocs.held) returns text
language sql stable set search_path = ''
as $$
    select stackdocs.change_id((c).revision, (c).ordinal)
    from (
        select one as c from stackdocs.changes as one
        where one.stack_id = p_by.stack and one.extraction_id = p_held.extraction and one.standing
            and one.action in ('set', 'delete', 'release') and one.actor_kind = p_by.kind
        order by one.revision desc, one.ordinal desc limit 20
    ) as newest
    where not exists (select 1 from stackdocs.followed(p_by, p_held, array[c]))
        and not exists (select 1 from stackdocs.locked_among(p_by,
            stackdocs.put_back(p_by, p_held, array[c], 1)))
    order by (c).revision desc, (c).ordinal desc limit 1
$$;

-- What is reversed stands no more; what it had undone itself stands again; and so on.
create function stackdocs.reverse(p_by stackdocs.caller, p_held stackdocs.held,
    p_changes stackdocs.changes[]) returns void
language sql volatile set search_path = ''
as $$
    with recursive chain as (
        select n, 0 as step, c.revision, c.ordinal, c.undoes_revision, c.undoes_ordinal
        from unnest(p_changes) with ordinality as given (stack_id, extraction_id, revision,
            ordinal, document_id, sequence, action, path, user_id, actor_kind, actor_client, at,
            undoes_revision, undoes_ordinal, reason, acknowledged, standing, digest, n)
            cross join lateral (select given.revision, given.ordinal, given.undoes_revision,
                given.undoes_ordinal) as c
        union all
        select chain.n, chain.step + 1, c.revision, c.ordinal, c.undoes_revision, c.undoes_ordinal
        from chain join stackdocs.changes as c on c.stack_id = p_by.stack
            and c.extraction_id = p_held.extraction and c.revision = chain.undoes_revision
            and c.ordinal = chain.undoes_ordinal
    ), last_word as (
        select distinct on (revision, ordinal) revision, ordinal, step % 2 = 1 as standing
        from chain order by revision, ordinal, n desc
    )
    update stackdocs.changes as c set standing = w.standing from last_word as w
    where c.stack_id = p_by.stack and c.extraction_id = p_held.extraction
        and c.revision = w.revision and c.ordinal = w.ordinal
$$;

-- SD110: a later change counts against it. SD111: it is undone already.
create function public.sd_undo(p_call jsonb, p_document uuid, p_revision bigint, p_ordinal bigint,
    p_redo boolean) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
    answer jsonb := stackdocs.answered(me, p_call, 'undo');
    held stackdocs.held;
    tally stackdocs.tally;
    undone stackdocs.changes[];
    followed jsonb;
    together boolean;
    part stackdocs.changes[];
    one stackdocs.changes;
    pairs stackdocs.change_leaf[];
    made stackdocs.new_change[];
    locked record;
begin
    if answer is not null then
        return answer;
    end if;
    held := stackdocs.hold(me, p_document);
    undone := stackdocs.to_reverse(me, held, p_revision, p_ordinal, p_redo);
    select coalesce(jsonb_object_agg(f.ordinal, jsonb_build_object('later', f.later,
        'by', f.undone_by)), '{}') into followed
    from stackdocs.followed(me, held, undone) as f;

    tally := stackdocs.begun(held, held.revision + 1);
    together := stackdocs.apart(me, held, undone);
    while tally.changes < cardinality(undone) loop
        part := case when together then undone
            else undone[tally.changes + 1 : tally.changes + 1] end;
        pairs := stackdocs.put_back(me, held, part, tally.changes + 1);
        select l.n, l.key into locked from stackdocs.locked_among(me, pairs) as l;
        made := '{}';
        foreach one in array part loop
            if followed ? one.ordinal::text then
                raise exception using message = 'followed', errcode = case
                    when one.action <> 'undo' and followed -> one.ordinal::text ->> 'by' is not null
                    then 'SD111' else 'SD110' end,
                    detail = (followed -> one.ordinal::text || jsonb_build_object(
                        'change', stackdocs.change_id(one.revision, one.ordinal)))::text;
            end if;
            made := array_append(made, row(tally.changes + cardinality(made) + 1,
                case when one.action = 'undo' then 'redo' else 'undo' end, one.path, one.revision,
                one.ordinal, me.kind, me.client)::stackdocs.new_change);
            if locked.n = tally.changes + cardinality(made) then
                perform stackdocs.locked(locked.key, case when p_revision is null and not p_redo
                    then stackdocs.own_last(me, held) end);
            end if;
        end loop;
        tally := stackdocs.append(me, held, tally, made, pairs);
    end loop;
    perform stackdocs.reverse(me, held, undone);
    perform stackdocs.close(me, held, tally);
    select jsonb_agg(stackdocs.change_json(c, held.number) order by c.ordinal) into answer
    from stackdocs.changes as c
    where c.stack_id = me.stack and c.extraction_id = held.extraction
        and c.revision = tally.revision;
    return stackdocs.keep(me, p_call, 'undo', answer);
end
$$;
call stackdocs.callable('public.sd_undo(jsonb,uuid,bigint,bigint,boolean)', 'authenticated');

grant execute on function stackdocs.change_id(bigint, integer),
    stackdocs.to_reverse(stackdocs.caller, stackdocs.held, bigint, bigint, boolean),
    stackdocs.around(text[]),
    stackdocs.followed(stackdocs.caller, stackdocs.held, stackdocs.changes[]),
    stackdocs.apart(stackdocs.caller, stackdocs.held, stackdocs.changes[]),
    stackdocs.put_back(stackdocs.caller, stackdocs.held, stackdocs.changes[], integer),
    stackdocs.locked_among(stackdocs.caller, stackdocs.change_leaf[]),
    stackdocs.own_last(stackdocs.caller, stackdocs.held),
    stackdocs.reverse(stackdocs.caller, stackdocs.held, stackdocs.changes[])
    to authenticated;

revoke execute on all routines in schema stackdocs from public;
insert into stackdocs.migrations (version, name) values ('20261121000350', 'undoing');
