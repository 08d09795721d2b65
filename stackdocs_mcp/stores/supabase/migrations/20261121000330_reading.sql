-- The history read back: by pages of changes, and whole, to be worked out anew.

-- A change with its leaves, each [key, touched, before, after, locked before, locked after].
create function stackdocs.change_json(p_change stackdocs.changes, p_number integer) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object('stack_id', p_change.stack_id,
        'extraction_id', p_change.extraction_id, 'revision', p_change.revision,
        'ordinal', p_change.ordinal, 'document_id', p_change.document_id,
        'sequence', p_change.sequence, 'action', p_change.action, 'path', p_change.path,
        'user_id', p_change.user_id, 'actor_kind', p_change.actor_kind,
        'actor_client', p_change.actor_client, 'at', stackdocs.micros(p_change.at),
        'undoes_revision', p_change.undoes_revision, 'undoes_ordinal', p_change.undoes_ordinal,
        'reason', p_change.reason, 'acknowledged', p_change.acknowledged,
        'standing', p_change.standing::integer, 'digest', p_change.digest, 'number', p_number,
        'leaves', (
            select coalesce(jsonb_agg(jsonb_build_array(l.key, l.touched::integer, l.before,
                l.after, l.locked_before::integer, l.locked_after::integer) order by l.key), '[]')
            from stackdocs.change_leaves as l
            where l.stack_id = p_change.stack_id and l.extraction_id = p_change.extraction_id
                and l.revision = p_change.revision and l.ordinal = p_change.ordinal))
$$;

create function public.sd_changes(p_call jsonb, p_document uuid, p_before bigint, p_limit bigint)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter(p_call);
    answer jsonb;
begin
    if p_document is not null then
        perform stackdocs.held(me, p_document);
        select jsonb_agg(stackdocs.change_json(c, e.number) order by (c).sequence desc) into answer
        from (
            select one as c from stackdocs.changes as one
            where one.stack_id = me.stack and one.document_id = p_document
                and one.sequence < p_before and one.sequence > 0
            order by one.sequence desc limit p_limit
        ) as page
        join public.extractions as e on e.stack_id = me.stack and e.id = (c).extraction_id;
        return coalesce(answer, '[]');
    end if;
    select jsonb_agg(stackdocs.change_json(c, e.number) order by (c).sequence desc) into answer
    from (
        select one as c from stackdocs.changes as one
        where one.stack_id = me.stack and one.sequence < p_before and one.sequence > 0
        order by one.sequence desc limit p_limit
    ) as page
    join public.extractions as e on e.stack_id = me.stack and e.id = (c).extraction_id;
    return coalesce(answer, '[]');
end
$$;
call stackdocs.callable('public.sd_changes(jsonb,uuid,bigint,bigint)', 'authenticated');

create function public.sd_came_to(p_call jsonb, p_document uuid, p_digest text) returns boolean
language plpgsql stable set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter(p_call);
begin
    perform stackdocs.held(me, p_document);
    return exists (select 1 from stackdocs.changes as c
        where c.stack_id = me.stack and c.document_id = p_document and c.sequence > 0
            and c.digest = p_digest);
end
$$;
call stackdocs.callable('public.sd_came_to(jsonb,uuid,text)', 'authenticated');

create function public.sd_extractions(p_call jsonb, p_document uuid) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter(p_call);
    held stackdocs.held := stackdocs.held(me, p_document);
begin
    return (
        select jsonb_agg(jsonb_build_object('number', e.number,
            'created_at', stackdocs.micros(e.created_at), 'revision', e.revision,
            'fields', e.fields, 'current', e.id = held.extraction) order by e.number)
        from public.extractions as e
        where e.stack_id = me.stack and e.document_id = p_document
    );
end
$$;
call stackdocs.callable('public.sd_extractions(jsonb,uuid)', 'authenticated');

-- What a document's history has to come to, and the changes behind a sequence, from the first on.
-- It is all of one moment; whoever goes on to the next page compares the document's digest.
create function public.sd_verify(p_call jsonb, p_document uuid, p_after bigint, p_limit bigint)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter(p_call);
    held stackdocs.held := stackdocs.held(me, p_document);
begin
    return jsonb_build_object(
        'document', jsonb_build_object('extraction_id', held.extraction, 'status', held.status,
            'digest', held.digest),
        'extractions', (
            select jsonb_agg(jsonb_build_object('id', e.id, 'number', e.number,
                'revision', e.revision, 'fields', e.fields, 'flagged', e.flagged,
                'leaves', (select count(*) from stackdocs.change_leaves as l
                    where l.stack_id = me.stack and l.extraction_id = e.id)) order by e.number)
            from public.extractions as e
            where e.stack_id = me.stack and e.document_id = p_document),
        'changes', (
            select coalesce(jsonb_agg(stackdocs.change_json(c, 0) order by (c).sequence), '[]')
            from (
                select one as c from stackdocs.changes as one
                where one.stack_id = me.stack and one.document_id = p_document
                    and one.sequence > p_after and one.sequence > 0
                order by one.sequence limit p_limit
            ) as page));
end
$$;
call stackdocs.callable('public.sd_verify(jsonb,uuid,bigint,bigint)', 'authenticated');

create function public.sd_verify_fields(p_call jsonb, p_document uuid, p_extraction uuid,
    p_after text, p_limit bigint) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter(p_call);
    held stackdocs.held := stackdocs.held(me, p_document);
begin
    return jsonb_build_object('digest', held.digest,
        'fields', stackdocs.leaves(me, p_extraction, '', p_after, p_limit));
end
$$;
call stackdocs.callable('public.sd_verify_fields(jsonb,uuid,uuid,text,bigint)', 'authenticated');

grant execute on function stackdocs.change_json(stackdocs.changes, integer) to authenticated;

revoke execute on all routines in schema stackdocs from public;
insert into stackdocs.migrations (version, name) values ('20261121000330', 'reading');
