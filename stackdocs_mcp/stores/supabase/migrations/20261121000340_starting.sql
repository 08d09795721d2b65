-- What people lock is released, and extractions are begun anew.

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
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
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
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
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

grant execute on function stackdocs.locked(text, text) to authenticated;

revoke execute on all routines in schema stackdocs from public;
insert into stackdocs.migrations (version, name) values ('20261121000340', 'starting');
