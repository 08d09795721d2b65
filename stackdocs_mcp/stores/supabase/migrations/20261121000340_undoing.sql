-- What people lock is released, extractions are begun anew, and changes are undone and made again.
--
-- A change stands until an undo of it stands. A later change counts against an undo when it stands
-- and touched the same leaf, or one that could not stand beside it - but for the undo of a change
-- that is later itself: the two cancel out. So changes at one place are undone in the reverse order
-- of their making.

-- SD104: an agent may not change, remove or bring back what is locked.
create function stackdocs.locked(p_key text, p_other text default null) returns void
language plpgsql stable set search_path = ''
as $$
begin
    raise exception using errcode = 'SD104', message = 'locked',
        detail = jsonb_build_object('key', p_key, 'other', p_other)::text;
end
$$;

create function public.sd_unlock(p_call jsonb, p_document uuid, p_path text) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter(p_call);
    answer jsonb := stackdocs.answered(me, p_call, 'unlock');
    held stackdocs.held;
    tally stackdocs.tally;
    pairs stackdocs.change_leaf[];
begin
    if answer is not null then
        return answer;
    end if;
    held := stackdocs.hold(me, p_document);
    if me.kind <> 'person' then
        perform stackdocs.locked(p_path);
    end if;
    select array_agg(row(1, f.key, f.leaf, true, f.leaf, false)::stackdocs.change_leaf) into pairs
    from (
        select key, leaf from stackdocs.fields
        where stack_id = me.stack and extraction_id = held.extraction and locked and key = p_path
        union all
        select key, leaf from stackdocs.fields
        where stack_id = me.stack and extraction_id = held.extraction and locked
            and key >= p_path || '/' and key < p_path || '0'
    ) as f;
    if pairs is null then
        return jsonb_build_object('revision', held.revision, 'answer', jsonb_build_array(
            case when jsonb_array_length(
                stackdocs.leaves(me, held.extraction, p_path, null, 1)) = 0
                then 'field_not_found' end, null, '[]'::jsonb));
    end if;
    tally := stackdocs.append(me, held, stackdocs.begun(held, held.revision + 1),
        array[row(1, 'release', p_path, null, null, me.kind, me.client)::stackdocs.new_change],
        pairs);
    perform stackdocs.close(me, held, tally);
    return stackdocs.keep(me, p_call, 'unlock', jsonb_build_object('revision', tally.revision,
        'answer', jsonb_build_array(null, 1, '[]'::jsonb)));
end
$$;
call stackdocs.callable('public.sd_unlock(jsonb,uuid,text)', 'authenticated');

-- The locked leaves come along, each as a change by whoever had set it.
create function public.sd_start_extraction(p_call jsonb, p_document uuid) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter(p_call);
    answer jsonb := stackdocs.answered(me, p_call, 'start_extraction');
    held stackdocs.held;
    last_one uuid;
    tally stackdocs.tally;
    made stackdocs.new_change[];
    pairs stackdocs.change_leaf[];
begin
    if answer is not null then
        return answer;
    end if;
    held := stackdocs.hold(me, p_document);
    last_one := held.extraction;
    held.extraction := gen_random_uuid();
    insert into public.extractions (stack_id, id, document_id, number, revision, created_at)
    values (me.stack, held.extraction, p_document, held.number + 1, held.revision, me.now);
    update public.documents set extraction_id = held.extraction
    where stack_id = me.stack and id = p_document;

    select array[row(1, 'start', '', null, null, me.kind, me.client)::stackdocs.new_change]
            || array_agg(row(n, 'set', key, null, null, actor_kind,
                actor_client)::stackdocs.new_change order by n),
        coalesce(array_agg(row(n, key, null, false, leaf, true)::stackdocs.change_leaf), '{}')
    into made, pairs
    from (
        select f.*, 1 + row_number() over (order by f.key)::integer as n from stackdocs.fields as f
        where f.stack_id = me.stack and f.extraction_id = last_one and f.locked
    ) as carried;
    tally := stackdocs.append(me, held, stackdocs.begun(held, held.revision + 1), made, pairs);
    perform stackdocs.close(me, held, tally);
    return stackdocs.keep(me, p_call, 'start_extraction', stackdocs.document(me, p_document));
end
$$;
call stackdocs.callable('public.sd_start_extraction(jsonb,uuid)', 'authenticated');

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
-- counts against that, and the standing undo of it, if that is what stands against it.
create function stackdocs.followed(p_by stackdocs.caller, p_held stackdocs.held,
    p_changes stackdocs.changes[]) returns table (ordinal integer, later text, undone_by text)
language sql stable set search_path = ''
as $$
    with later as (
        select distinct one.ordinal, c.revision, c.ordinal as later_ordinal,
            (c.undoes_revision, c.undoes_ordinal) = (one.revision, one.ordinal) as undoes
        from unnest(p_changes) as one
        cross join lateral stackdocs.around(array(
            select l.key::text from stackdocs.change_leaves as l
            where l.stack_id = p_by.stack and l.extraction_id = p_held.extraction
                and l.revision = one.revision and l.ordinal = one.ordinal and l.touched
        )) as r
        join stackdocs.change_leaves as l on l.stack_id = p_by.stack
            and l.extraction_id = p_held.extraction and l.touched
            and l.key >= r.low and l.key < r.high
            and (l.revision, l.ordinal) > (one.revision, one.ordinal)
        join stackdocs.changes as c on c.stack_id = l.stack_id
            and c.extraction_id = l.extraction_id
            and c.revision = l.revision and c.ordinal = l.ordinal
        where c.standing and (c.undoes_revision is null
                or (c.undoes_revision, c.undoes_ordinal) <= (one.revision, one.ordinal))
            and not exists (select 1 from unnest(p_changes) as other
                where (other.revision, other.ordinal) = (c.revision, c.ordinal))
    )
    select l.ordinal,
        (array_agg(stackdocs.change_id(l.revision, l.later_ordinal)
            order by l.revision desc, l.later_ordinal desc))[1],
        min(stackdocs.change_id(l.revision, l.later_ordinal)) filter (where l.undoes)
    from later as l group by l.ordinal
$$;

-- The leaves at a change's path and those that it touched: as they are, and with what stood before
-- the change put back.
create function stackdocs.put_back(p_by stackdocs.caller, p_held stackdocs.held,
    p_change stackdocs.changes, p_ordinal integer) returns stackdocs.change_leaf[]
language sql stable set search_path = ''
as $$
    with touched as (
        select l.key, l.before, l.locked_before from stackdocs.change_leaves as l
        where l.stack_id = p_by.stack and l.extraction_id = p_held.extraction
            and l.revision = p_change.revision and l.ordinal = p_change.ordinal and l.touched
    ), there as (
        select f.key, f.leaf, f.locked from stackdocs.fields as f
        where f.stack_id = p_by.stack and f.extraction_id = p_held.extraction
            and f.key = p_change.path
        union
        select f.key, f.leaf, f.locked from stackdocs.fields as f
        where f.stack_id = p_by.stack and f.extraction_id = p_held.extraction
            and f.key >= p_change.path || '/' and f.key < p_change.path || '0'
        union
        select f.key, f.leaf, f.locked from touched as t join stackdocs.fields as f
            on f.stack_id = p_by.stack and f.extraction_id = p_held.extraction and f.key = t.key
    )
    select coalesce(array_agg(row(p_ordinal, key, n.leaf, coalesce(n.locked, false),
        case when t.key is null then n.leaf else t.before end,
        case when t.key is null then n.locked else t.locked_before end
    )::stackdocs.change_leaf order by key), '{}')
    from there as n full join touched as t using (key)
    where n.leaf is not null or t.before is not null
$$;

-- The first key at which an agent may not do this; null where it may, and for a person.
create function stackdocs.locked_among(p_by stackdocs.caller, p_pairs stackdocs.change_leaf[])
returns text
language sql stable set search_path = ''
as $$
    select p.key::text from unnest(p_pairs) as p
    where p_by.kind <> 'person' and (p.locked_before or p.locked_after)
        and (p.before is distinct from p.after or p.locked_before <> p.locked_after)
    order by p.key limit 1
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
        and stackdocs.locked_among(p_by, stackdocs.put_back(p_by, p_held, c, 1)) is null
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
    me stackdocs.caller := stackdocs.enter(p_call);
    answer jsonb := stackdocs.answered(me, p_call, 'undo');
    held stackdocs.held;
    tally stackdocs.tally;
    undone stackdocs.changes[];
    followed jsonb;
    one stackdocs.changes;
    pairs stackdocs.change_leaf[];
    locked_key text;
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
    foreach one in array undone loop
        if followed ? one.ordinal::text then
            raise exception using message = 'followed', errcode = case
                when one.action <> 'undo' and followed -> one.ordinal::text ->> 'by' is not null
                then 'SD111' else 'SD110' end,
                detail = (followed -> one.ordinal::text || jsonb_build_object(
                    'change', stackdocs.change_id(one.revision, one.ordinal)))::text;
        end if;
        pairs := stackdocs.put_back(me, held, one, tally.changes + 1);
        locked_key := stackdocs.locked_among(me, pairs);
        if locked_key is not null then
            perform stackdocs.locked(locked_key,
                case when p_revision is null and not p_redo
                    then stackdocs.own_last(me, held) end);
        end if;
        tally := stackdocs.append(me, held, tally, array[row(tally.changes + 1,
            case when one.action = 'undo' then 'redo' else 'undo' end, one.path, one.revision,
            one.ordinal, me.kind, me.client)::stackdocs.new_change], pairs);
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

grant execute on function stackdocs.locked(text, text), stackdocs.change_id(bigint, integer),
    stackdocs.to_reverse(stackdocs.caller, stackdocs.held, bigint, bigint, boolean),
    stackdocs.around(text[]),
    stackdocs.followed(stackdocs.caller, stackdocs.held, stackdocs.changes[]),
    stackdocs.put_back(stackdocs.caller, stackdocs.held, stackdocs.changes, integer),
    stackdocs.locked_among(stackdocs.caller, stackdocs.change_leaf[]),
    stackdocs.own_last(stackdocs.caller, stackdocs.held),
    stackdocs.reverse(stackdocs.caller, stackdocs.held, stackdocs.changes[])
    to authenticated;

insert into stackdocs.migrations (version, name) values ('20261121000340', 'undoing');
