-- What a use case needs of a document, in one call: each is put together of what is there already,
-- from the one snapshot of its statement.

create function public.sd_opened(p_call jsonb, p_document uuid) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
    return jsonb_build_object('document', public.sd_document(p_call, p_document),
        'stack', public.sd_stack(p_call));
end
$$;
call stackdocs.callable('public.sd_opened(jsonb,uuid)', 'authenticated');

create function public.sd_standing(p_call jsonb, p_document uuid) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
    return public.sd_opened(p_call, p_document) || jsonb_build_object(
        'outlines', public.sd_outlines(p_call, p_document, 1, null),
        'fields', public.sd_fields(p_call, p_document, null, '', null, null));
end
$$;
call stackdocs.callable('public.sd_standing(jsonb,uuid)', 'authenticated');

create function public.sd_shown(p_call jsonb, p_document uuid, p_numbers bigint[]) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
    return jsonb_build_object('document', public.sd_document(p_call, p_document),
        'pages', public.sd_pages(p_call, p_document, p_numbers),
        'read', (select coalesce(jsonb_agg(p.number), '[]') from stackdocs.document_pages as p
            where p.stack_id = stackdocs.stack() and p.document_id = p_document and p.read
                and p.number = any (p_numbers)));
end
$$;
call stackdocs.callable('public.sd_shown(jsonb,uuid,bigint[])', 'authenticated');

-- As sd_write, where what was looked at before is as it was; with the document as it is then.
-- SD102: it is not. What was answered once is answered again, whatever came after it.
create function public.sd_write_seen(p_call jsonb, p_document uuid, p_runs jsonb,
    p_readings integer, p_revision bigint, p_version text, p_dry_run boolean) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
    held stackdocs.held;
    answer jsonb;
begin
    if stackdocs.answered(me, p_call, 'write') is null then
        held := stackdocs.hold(me, p_document);
        perform stackdocs.ready(held, coalesce(p_readings, -1));
        if p_revision is distinct from held.revision then
            raise exception using errcode = 'SD102', message = 'stale check',
                detail = '{"what": "fields"}';
        end if;
        if p_version is distinct from (select encode(sha256(convert_to(
                s.policy || E'\n' || coalesce(s.field_schema, ''), 'UTF8')), 'hex')
                from public.stacks as s where s.id = me.stack) then
            raise exception using errcode = 'SD102', message = 'stale check',
                detail = '{"what": "rules"}';
        end if;
    end if;
    answer := public.sd_write(p_call, p_document, p_runs, p_readings, p_dry_run);
    return answer || jsonb_build_object('document', stackdocs.document(me, p_document));
end
$$;
call stackdocs.callable(
    'public.sd_write_seen(jsonb,uuid,jsonb,integer,bigint,text,boolean)', 'authenticated');

insert into stackdocs.migrations (version, name) values ('20261121000900', 'at_once');
