-- Stacks are found, opened and described; documents are added, found and listed.

-- Stacks ------------------------------------------------------------------------------------------

create function stackdocs.stack_json(s public.stacks) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object('id', s.id, 'name', s.name, 'folder', s.folder,
        'field_schema', s.field_schema, 'instructions', s.instructions, 'policy', s.policy,
        'ocr', s.ocr)
$$;

-- What the token's user may do in the stack that it names: null for none.
create function public.sd_membership() returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object('owner', m.owner, 'role', m.role)
    from stackdocs.membership(stackdocs.usr(), stackdocs.bound()) as m
    where m.role is not null
$$;
call stackdocs.callable('public.sd_membership()', 'authenticated');

create function public.sd_open_stack(p_now bigint, p_name text, p_folder text, p_policy text)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    found public.stacks;
begin
    perform stackdocs.begin_call();
    for _ in 1..2 loop
        select * into found from public.stacks as s
        where s.user_id = stackdocs.usr() and s.deleted_at is null
            and ((p_folder is null and s.folder is null and s.name = p_name)
                or s.folder = p_folder);
        exit when found.id is not null;
        insert into public.stacks (user_id, name, folder, policy, created_at)
        values (stackdocs.usr(), p_name, p_folder, p_policy, stackdocs.moment(p_now))
        on conflict do nothing;
    end loop;
    return stackdocs.stack_json(found);
end
$$;
call stackdocs.callable('public.sd_open_stack(bigint,text,text,text)', 'authenticated');

create function public.sd_stack(p_call jsonb) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter(p_call);
begin
    return (select stackdocs.stack_json(s) from public.stacks as s where s.id = me.stack);
end
$$;
call stackdocs.callable('public.sd_stack(jsonb)', 'authenticated', 'stackdocs_worker');

create function public.sd_set_schema(p_call jsonb, p_schema text, p_instructions text,
    p_policy text) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
    changed public.stacks;
begin
    update public.stacks
    set field_schema = p_schema, instructions = p_instructions, policy = p_policy
    where id = me.stack returning * into changed;
    if changed.id is null then
        raise exception using errcode = 'SD403', message = 'missing right',
            detail = '{"right": "stack:admin"}';
    end if;
    return stackdocs.stack_json(changed);
end
$$;
call stackdocs.callable('public.sd_set_schema(jsonb,text,text,text)', 'authenticated');

create function public.sd_set_ocr(p_call jsonb, p_ocr text) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
    changed public.stacks;
begin
    update public.stacks set ocr = p_ocr where id = me.stack returning * into changed;
    if changed.id is null then
        raise exception using errcode = 'SD403', message = 'missing right',
            detail = '{"right": "stack:admin"}';
    end if;
    return stackdocs.stack_json(changed);
end
$$;
call stackdocs.callable('public.sd_set_ocr(jsonb,text)', 'authenticated');

-- Quotas ------------------------------------------------------------------------------------------

create function stackdocs.month(p_now timestamptz) returns integer
language sql immutable set search_path = ''
as $$
    select (extract(year from p_now at time zone 'UTC') * 100
        + extract(month from p_now at time zone 'UTC'))::integer
$$;

-- Charge who added a document of the bound stack, in one statement, unless it would be more than the
-- quota: SD429. Not as whoever calls, since that is who added it, also where somebody else has it
-- read.
create function stackdocs.charge(p_document uuid, p_kind text, p_amount bigint,
    p_by stackdocs.caller) returns integer
language plpgsql volatile security definer set search_path = ''
as $$
declare
    charged pg_catalog.text := (select d.added_by from public.documents as d
        where d.stack_id = stackdocs.stack_to('stack:write') and d.id = p_document);
    this_month integer := stackdocs.month(p_by.now);
    quota bigint := (p_by.quotas ->> p_kind)::bigint;
    used bigint;
    done boolean := false;
begin
    if charged is null or p_kind not in ('documents', 'pages', 'ocr_pages') or p_amount < 0 then
        raise exception using errcode = 'SD404', message = 'no such stack';
    end if;
    insert into stackdocs.usage (user_id, month) values (charged, this_month)
    on conflict do nothing;
    execute format('update stackdocs.usage set %1$I = %1$I + $1
        where user_id = $2 and month = $3 and ($4 is null or %1$I + $1 <= $4) returning true',
        p_kind) into done using p_amount, charged, this_month, quota;
    if done then
        return this_month;
    end if;
    execute format('select %I from stackdocs.usage where user_id = $1 and month = $2', p_kind)
        into used using charged, this_month;
    raise exception using errcode = 'SD429', message = 'quota exceeded',
        detail = jsonb_build_object('kind', p_kind, 'wanted', p_amount, 'limit', quota,
            'left', greatest(0, quota - used), 'now', stackdocs.micros(p_by.now))::pg_catalog.text;
end
$$;
call stackdocs.callable('stackdocs.charge(uuid,text,bigint,stackdocs.caller)',
    'authenticated', 'stackdocs_worker');
grant execute on function stackdocs.month(timestamptz) to authenticated, stackdocs_worker;

-- Documents ---------------------------------------------------------------------------------------

create function stackdocs.document_json(d public.documents, e public.extractions) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object('id', d.id, 'filename', d.filename, 'sha256', d.sha256,
        'size', d.file_size_bytes, 'media_type', d.mime_type, 'status', d.status,
        'pages', d.pages, 'pages_done', d.pages_done, 'pages_without_text', d.pages_without_text,
        'failure', case when d.failure_code is not null then
            jsonb_build_array(d.failure_code, d.failure_message, d.failure_advice) end,
        'superseded_by', d.superseded_by, 'billed_pages', d.billed_pages,
        'abandoned', d.abandoned, 'readings', d.readings, 'digest', d.digest,
        'created_at', stackdocs.micros(d.uploaded_at),
        'updated_at', stackdocs.micros(d.updated_at),
        'revision', e.revision, 'fields', e.fields, 'flagged', e.flagged,
        'extraction', e.number)
$$;

-- SD001: the stack has no such document.
create function stackdocs.no_document(p_document uuid) returns void
language plpgsql stable set search_path = ''
as $$
begin
    raise exception using errcode = 'SD001', message = 'no such document',
        detail = jsonb_build_object('document', p_document)::pg_catalog.text;
end
$$;

create function stackdocs.document(p_by stackdocs.caller, p_document uuid) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
    answer jsonb;
begin
    select stackdocs.document_json(d, e) into answer
    from public.documents as d
    join public.extractions as e on e.stack_id = d.stack_id and e.id = d.extraction_id
    where d.stack_id = p_by.stack and d.id = p_document;
    if answer is null then
        perform stackdocs.no_document(p_document);
    end if;
    return answer;
end
$$;

create function public.sd_document(p_call jsonb, p_document uuid) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
    return stackdocs.document(stackdocs.enter(p_call), p_document);
end
$$;
call stackdocs.callable('public.sd_document(jsonb,uuid)', 'authenticated', 'stackdocs_worker');

create function public.sd_documents(p_call jsonb, p_status text, p_query text, p_after uuid,
    p_limit integer) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter(p_call);
    behind timestamptz := '-infinity';
begin
    if p_after is not null then
        select d.uploaded_at into behind from public.documents as d
        where d.stack_id = me.stack and d.id = p_after;
        if not found then
            return '[]';
        end if;
    end if;
    return (
        select coalesce(jsonb_agg(stackdocs.document_json(d, e) order by d.uploaded_at, d.id), '[]')
        from (
            select * from public.documents as one
            where one.stack_id = me.stack
                and (p_status is null or one.status = p_status)
                and (p_query is null or strpos(one.folded_name, p_query) > 0)
                and (one.uploaded_at, one.id)
                    > (behind, coalesce(p_after, '00000000-0000-0000-0000-000000000000'))
            order by one.uploaded_at, one.id limit greatest(p_limit, 0)
        ) as d
        join public.extractions as e on e.stack_id = d.stack_id and e.id = d.extraction_id
    );
end
$$;
call stackdocs.callable('public.sd_documents(jsonb,text,text,uuid,integer)', 'authenticated',
    'stackdocs_worker');

-- What was part of a document is of who added that: a document of the bound stack that this same
-- transaction has made. Not as whoever calls, who adds documents in their own name alone.
create function stackdocs.add_as_part(p_document uuid, p_part_of uuid) returns void
language sql volatile security definer set search_path = ''
as $$
    update public.documents as d set added_by = whole.added_by
    from public.documents as whole
    where d.stack_id = stackdocs.stack_to('stack:write') and d.id = p_document
        and d.xmin = pg_current_xact_id()::pg_catalog.xid
        and whole.stack_id = d.stack_id and whole.id = p_part_of
        and d.added_by <> whole.added_by
$$;
call stackdocs.callable('stackdocs.add_as_part(uuid,uuid)', 'authenticated', 'stackdocs_worker');

-- The document with these bytes, whether it is new, and whether its file is there: where it is
-- not, somebody has removed it just then, and it is to be sent again, which is the document's from
-- now on. Whoever comes second, also at the same time, is given the first one's.
create function public.sd_add_document(p_call jsonb, p_filename text, p_folded text, p_sha256 text,
    p_size bigint, p_file_path text, p_part_of uuid) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
    there uuid;
    made uuid := gen_random_uuid();
    extraction uuid := gen_random_uuid();
    kept boolean := stackdocs.hold_file(p_file_path);
begin
    select d.id into there from public.documents as d
    where d.stack_id = me.stack and d.sha256 = p_sha256;
    if there is not null then -- of this call, where its answer was lost: it is asked for again
        return coalesce(stackdocs.answered(me, p_call, 'add_document'), jsonb_build_object(
            'document', stackdocs.document(me, there), 'new', false)) || jsonb_build_object(
            'kept', kept);
    end if;
    if p_part_of is not null and not exists (select 1 from public.documents as d
            where d.stack_id = me.stack and d.id = p_part_of) then
        perform stackdocs.no_document(p_part_of);
    end if;
    insert into public.documents (stack_id, id, user_id, extraction_id, filename, folded_name,
        sha256, file_size_bytes, file_path, added_by, uploaded_at, updated_at)
    values (me.stack, made, me.owner, extraction, p_filename, p_folded, p_sha256, p_size,
        p_file_path, me.usr, me.now, me.now)
    on conflict (stack_id, sha256) do nothing;
    if not found then
        select d.id into there from public.documents as d
        where d.stack_id = me.stack and d.sha256 = p_sha256;
        return jsonb_build_object('document', stackdocs.document(me, there), 'new', false,
            'kept', kept);
    end if;
    insert into public.extractions (stack_id, id, document_id, created_at)
    values (me.stack, extraction, made, me.now);
    perform stackdocs.add_as_part(made, p_part_of);
    perform stackdocs.charge(made, 'documents', 1, me);
    return stackdocs.keep(me, p_call, 'add_document', jsonb_build_object('document',
        stackdocs.document(me, made), 'new', true, 'kept', kept));
end
$$;
call stackdocs.callable('public.sd_add_document(jsonb,text,text,text,bigint,text,uuid)',
    'authenticated', 'stackdocs_worker');

grant execute on function stackdocs.stack_json(public.stacks),
    stackdocs.document_json(public.documents, public.extractions),
    stackdocs.no_document(uuid), stackdocs.document(stackdocs.caller, uuid)
    to authenticated, stackdocs_worker;

revoke execute on all routines in schema stackdocs from public;
insert into stackdocs.migrations (version, name) values
    ('20261121000200', 'stacks_and_documents');
