-- Appending to a document's chain of changes, and setting the fields by them.
--
-- Locks are taken in one order: the call's id, the document, the stack's chain of numbers. So no
-- two calls wait for each other.

-- A document in this transaction, and the extraction that counts.
create type stackdocs.held as (
    document uuid, extraction uuid, number integer, status text, readings integer, digest text,
    revision bigint
);

-- One change of several that are made at once. None of them touches what another one does.
create type stackdocs.new_change as (
    ordinal integer, action text, path text, undoes_revision bigint, undoes_ordinal integer,
    kind text, client text
);

-- A leaf of the change (or write) of this number: null stands for no leaf.
create type stackdocs.change_leaf as (
    ordinal integer, key text collate "C", before text, locked_before boolean, after text,
    locked_after boolean
);

-- What a call has changed so far.
create type stackdocs.tally as (
    revision bigint, changes integer, sequence bigint, digest text, fields integer, flagged integer
);

create function stackdocs.held(p_by stackdocs.caller, p_document uuid) returns stackdocs.held
language plpgsql stable set search_path = ''
as $$
declare
    answer stackdocs.held;
begin
    select d.id, e.id, e.number, d.status, d.readings, d.digest, e.revision into answer
    from public.documents as d
    join public.extractions as e on e.stack_id = d.stack_id and e.id = d.extraction_id
    where d.stack_id = p_by.stack and d.id = p_document;
    if answer.document is null then
        perform stackdocs.no_document(p_document);
    end if;
    return answer;
end
$$;

-- The same, and nobody else writes to the document until this transaction ends. What it holds is
-- looked up afterwards: a row that was waited for says nothing of those it is joined with.
create function stackdocs.hold(p_by stackdocs.caller, p_document uuid) returns stackdocs.held
language plpgsql volatile set search_path = ''
as $$
begin
    perform 1 from public.documents as d
    where d.stack_id = p_by.stack and d.id = p_document for no key update;
    if not found then
        perform stackdocs.held(p_by, p_document);
        raise exception using errcode = 'SD403', message = 'missing right',
            detail = '{"right": "stack:write"}';
    end if;
    return stackdocs.held(p_by, p_document);
end
$$;

-- The last number of the stack's changes. Nobody else numbers any until this transaction ends, so
-- that whoever pages through them never sees one appear before one that is there.
create function stackdocs.last_sequence(p_stack uuid) returns bigint
language plpgsql volatile set search_path = ''
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('stackdocs.changes ' || p_stack::text, 0));
    return (select coalesce(max(c.sequence), 0) from stackdocs.changes as c
        where c.stack_id = p_stack and c.sequence > 0);
end
$$;

-- Nothing changed yet at the revision that the changes are to have.
create function stackdocs.begun(p_held stackdocs.held, p_revision bigint) returns stackdocs.tally
language sql immutable
return row(p_revision, 0, null, (p_held).digest, 0, 0)::stackdocs.tally;

-- What is said of leaves and keys without reading their JSON. A quote inside of a string is
-- escaped, so that a member's name with its quotes and colon stands for nothing else.
create function stackdocs.flagged(p_leaf text) returns boolean
language sql immutable
return strpos(p_leaf, '"w":') > 0;

create function stackdocs.value_of(p_leaf text) returns text
language sql immutable
return substr(p_leaf, 6, strpos(p_leaf, ',"e":') - 6);

-- Append these changes with their leaves at the tally's revision, and set the fields by them.
--
-- Here and elsewhere: how long an array is, the planner does not know. Without nested loops it
-- joins arrays by hash, however long they are; what is lateral is looked up by index all the same.
create function stackdocs.append(p_by stackdocs.caller, p_held stackdocs.held,
    p_tally stackdocs.tally, p_changes stackdocs.new_change[], p_leaves stackdocs.change_leaf[],
    p_reason text default '', p_acknowledged text default '[]') returns stackdocs.tally
language plpgsql volatile set search_path = '' set enable_nestloop = off
as $$
declare
    tally stackdocs.tally := p_tally;
    one record;
    digests text[] := '{}';
begin
    tally.sequence := coalesce(tally.sequence, stackdocs.last_sequence(p_by.stack));
    for one in
        select (
            select string_agg(coalesce(octet_length(t) || ':' || t || ',', '-,'), '' order by place)
            from unnest(array[p_by.stack::text, p_held.extraction::text, tally.revision::text,
                c.ordinal::text, p_held.document::text, (tally.sequence + c.place)::text,
                c.action, c.path, p_by.usr, c.kind, c.client, stackdocs.micros(p_by.now)::text,
                c.undoes_revision::text, c.undoes_ordinal::text, p_reason, p_acknowledged,
                coalesce(l.count, 0)::text]) with ordinality as columns (t, place)
        ) || coalesce(l.body, '') as body
        from unnest(p_changes) with ordinality as c (ordinal, action, path, undoes_revision,
            undoes_ordinal, kind, client, place)
        left join (
            select ordinal, count(*) as count, string_agg(
                octet_length(key) || ':' || key || ','
                || case when before is distinct from after or locked_before <> locked_after
                    then '1:1,' else '1:0,' end
                || coalesce(octet_length(before) || ':' || before || ',', '-,')
                || case when before is distinct from after or locked_before <> locked_after
                    then coalesce(octet_length(after) || ':' || after || ',', '-,')
                    else '-,' end
                || case when locked_before then '1:1,' else '1:0,' end
                || case when locked_after then '1:1,' else '1:0,' end, '' order by key) as body
            from unnest(p_leaves) group by ordinal
        ) as l on l.ordinal = c.ordinal
        order by c.place
    loop
        tally.digest := encode(sha256(convert_to(
            octet_length(tally.digest) || ':' || tally.digest || ',' || one.body, 'UTF8')), 'hex');
        digests := array_append(digests, tally.digest);
    end loop;

    insert into stackdocs.changes (stack_id, extraction_id, revision, ordinal, document_id,
        sequence, action, path, user_id, actor_kind, actor_client, at, undoes_revision,
        undoes_ordinal, reason, acknowledged, digest)
    select p_by.stack, p_held.extraction, tally.revision, c.ordinal, p_held.document,
        tally.sequence + c.place, c.action, c.path, p_by.usr, c.kind, c.client, p_by.now,
        c.undoes_revision, c.undoes_ordinal, p_reason, p_acknowledged, digests[c.place]
    from unnest(p_changes) with ordinality as c (ordinal, action, path, undoes_revision,
        undoes_ordinal, kind, client, place);

    insert into stackdocs.change_leaves (stack_id, extraction_id, revision, ordinal, key, touched,
        before, after, locked_before, locked_after)
    select p_by.stack, p_held.extraction, tally.revision, l.ordinal, l.key, t.touched, l.before,
        case when t.touched then l.after end, l.locked_before, l.locked_after
    from unnest(p_leaves) as l
    cross join lateral (select l.before is distinct from l.after
        or l.locked_before <> l.locked_after as touched) as t;

    delete from stackdocs.fields
    where stack_id = p_by.stack and extraction_id = p_held.extraction
        and key = any (array(select l.key from unnest(p_leaves) as l where l.after is null));

    insert into stackdocs.fields as f (stack_id, extraction_id, key, revision, actor_kind,
        actor_client, at, leaf, locked)
    select p_by.stack, p_held.extraction, l.key, tally.revision, c.kind, c.client, p_by.now,
        l.after, l.locked_after
    from unnest(p_leaves) as l join unnest(p_changes) as c on c.ordinal = l.ordinal
    where l.after is not null
        and (l.before is distinct from l.after or l.locked_before <> l.locked_after)
    on conflict (stack_id, extraction_id, key) do update set
        revision = excluded.revision, actor_kind = excluded.actor_kind,
        actor_client = excluded.actor_client, at = excluded.at, leaf = excluded.leaf,
        locked = excluded.locked;

    tally.changes := tally.changes + cardinality(p_changes);
    tally.sequence := tally.sequence + cardinality(p_changes);
    select tally.fields + count(l.after) - count(l.before),
        tally.flagged + count(*) filter (where stackdocs.flagged(l.after))
            - count(*) filter (where stackdocs.flagged(l.before))
    into tally.fields, tally.flagged
    from unnest(p_leaves) as l;
    return tally;
end
$$;

-- Count what was changed; a completed document is open again.
create function stackdocs.close(p_by stackdocs.caller, p_held stackdocs.held,
    p_tally stackdocs.tally) returns void
language plpgsql volatile set search_path = ''
as $$
begin
    if p_tally.changes = 0 then
        return;
    end if;
    update public.extractions set revision = p_tally.revision,
        fields = fields + p_tally.fields, flagged = flagged + p_tally.flagged
    where stack_id = p_by.stack and id = p_held.extraction;
    update public.documents set updated_at = p_by.now, digest = p_tally.digest,
        status = case status when 'completed' then 'ocr_complete' else status end
    where stack_id = p_by.stack and id = p_held.document;
end
$$;

grant execute on function stackdocs.held(stackdocs.caller, uuid),
    stackdocs.hold(stackdocs.caller, uuid), stackdocs.last_sequence(uuid),
    stackdocs.begun(stackdocs.held, bigint), stackdocs.flagged(text), stackdocs.value_of(text),
    stackdocs.append(stackdocs.caller, stackdocs.held, stackdocs.tally, stackdocs.new_change[],
        stackdocs.change_leaf[], text, text),
    stackdocs.close(stackdocs.caller, stackdocs.held, stackdocs.tally)
    to authenticated;

revoke execute on all routines in schema stackdocs from public;
insert into stackdocs.migrations (version, name) values ('20261121000310', 'appending');
