-- What the original product's readers and functions were called, on what is here.

-- What an import of an original database has made of what: see `migrate --from-stackdocs`. Only
-- whoever owns the database comes here; there is no way to it over the REST API. Ids are all there
-- is in it, and they stay when a stack is erased: what was imported once is not imported again.
create table stackdocs.imported_stacks (
    original uuid primary key,
    stack_id uuid not null
);
create table stackdocs.imported (
    original         uuid not null,
    stack_id         uuid not null,
    document_id      uuid not null,
    first_extraction integer not null check (first_extraction > 0),
    done             boolean not null default false,
    primary key (original, stack_id)
);

alter table stackdocs.imported_stacks enable row level security;
alter table stackdocs.imported_stacks force row level security;
alter table stackdocs.imported enable row level security;
alter table stackdocs.imported force row level security;
create policy imported_stacks_select on stackdocs.imported_stacks for select using (false);
create policy imported_stacks_insert on stackdocs.imported_stacks for insert with check (false);
create policy imported_stacks_update on stackdocs.imported_stacks for update using (false);
create policy imported_stacks_delete on stackdocs.imported_stacks for delete using (false);
create policy imported_select on stackdocs.imported for select using (false);
create policy imported_insert on stackdocs.imported for insert with check (false);
create policy imported_update on stackdocs.imported for update using (false);
create policy imported_delete on stackdocs.imported for delete using (false);

-- A document is in one stack here, so its row says which.
create view public.stack_documents with (security_invoker = true) as
select stack_id, id as document_id, uploaded_at as added_at from public.documents;
revoke all on public.stack_documents from public, anon, authenticated, service_role;
grant select on public.stack_documents to authenticated;

-- What readers of the original find under its names ----------------------------------------------

-- One part of all leaves of an extraction ("v": values, "c": scores) as one value. Keys are as in
-- core/paths.py; in their order, what belongs together comes together. A row without the part
-- before one that has it is null; so few fields may stand for a very long answer, which nobody gets.
create function stackdocs.assembled(p_stack uuid, p_extraction uuid, p_part text) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
    path text[];
    before text[] := '{}';
    value text;
    same integer;
    level integer;
    gap integer;
    gaps bigint := 0;
    most_gaps constant bigint := 100000; -- half a megabyte
    parts text[] := '{"{"}';
begin
    for path, value in
        select string_to_array(substr(f.key, 2), '/'), (f.leaf::json -> p_part)::text
        from stackdocs.fields as f
        where f.stack_id = p_stack and f.extraction_id = p_extraction
            and f.leaf::json -> p_part is not null
        order by f.key
    loop
        same := 0;
        while path[same + 1] = before[same + 1] loop
            same := same + 1;
        end loop;
        for level in reverse cardinality(before) .. same + 2 loop
            parts := array_append(parts, case when before[level] like '#%' then ']' else '}' end);
        end loop;
        for level in same + 1 .. cardinality(path) loop
            if level > same + 1 then
                parts := array_append(parts, case when path[level] like '#%' then '[' else '{' end);
            elsif same < cardinality(before) then
                parts := array_append(parts, ',');
            end if;
            if path[level] like '#%' then
                gap := substr(path[level], 2)::integer;
                if level = same + 1 and same < cardinality(before) then
                    gap := gap - substr(before[level], 2)::integer - 1;
                end if;
                gaps := gaps + greatest(gap, 0);
                if gaps > most_gaps then
                    raise exception using errcode = '54000', -- 413 over the REST API
                        message = 'the rows of this extraction have too large gaps for one value',
                        hint = 'Read its fields with the program, which has them one by one.';
                end if;
                parts := array_append(parts, repeat('null,', gap));
            else
                parts := array_append(parts, to_json(replace(replace(replace(
                    path[level], '~2', '#'), '~1', '/'), '~0', '~'))::text || ':');
            end if;
        end loop;
        parts := array_append(parts, value);
        before := path;
    end loop;
    for level in reverse cardinality(before) .. 2 loop
        parts := array_append(parts, case when before[level] like '#%' then ']' else '}' end);
    end loop;
    return (array_to_string(parts, '') || '}')::jsonb;
end
$$;

create function public.extracted_fields(public.extractions) returns jsonb
language sql stable set search_path = ''
as $$
    select stackdocs.assembled(($1).stack_id, ($1).id, 'v')
$$;
call stackdocs.callable('public.extracted_fields(public.extractions)', 'authenticated');

create function public.confidence_scores(public.extractions) returns jsonb
language sql stable set search_path = ''
as $$
    select stackdocs.assembled(($1).stack_id, ($1).id, 'c')
$$;
call stackdocs.callable('public.confidence_scores(public.extractions)', 'authenticated');

-- The text of a page as a reader sees it, and of a document, with an empty line between its pages.
-- There is a row here for each page where the original had one for each document.
create function public.raw_text(public.ocr_results) returns text
language sql stable set search_path = ''
as $$
    select coalesce(string_agg(line ->> 1, E'\n' order by place), '')
    from json_array_elements(($1).lines::json) with ordinality as lines (line, place)
    where line ->> 4 = '0'
$$;
call stackdocs.callable('public.raw_text(public.ocr_results)', 'authenticated');

create function public.raw_text(public.documents) returns text
language sql stable set search_path = ''
as $$
    select coalesce(string_agg(public.raw_text(r), E'\n\n' order by p.number), '')
    from stackdocs.document_pages as p
    join public.ocr_results as r on r.user_id = p.user_id and r.id = p.result_id
    where p.stack_id = ($1).stack_id and p.document_id = ($1).id
$$;
call stackdocs.callable('public.raw_text(public.documents)', 'authenticated');

create function public.page_count(public.documents) returns integer
language sql stable set search_path = ''
as $$
    select ($1).pages
$$;
call stackdocs.callable('public.page_count(public.documents)', 'authenticated');

-- What writers of the original call ---------------------------------------------------------------
--
-- They write as everybody does: revision, history, locks and undo hold; the evidence is unchecked.
-- Who calls is in the token, so that there is no p_user_id. The author is an agent, called as the
-- function is. Errors have codes that PostgREST answers as HTTP statuses: PT404, PT409, PT422.

create function stackdocs.unfit(p_path text, p_why text) returns void
language plpgsql immutable set search_path = ''
as $$
begin
    raise exception using errcode = 'PT422', message = 'a field cannot have this path',
        detail = p_why, hint = 'Names have 1 to 128 characters and are no numbers; 16 levels.';
end
$$;

-- The name of a member as a part of a key; the rules are those of core/paths.py.
create function stackdocs.name_key(p_name text) returns text
language plpgsql immutable set search_path = ''
as $$
declare
    name text := normalize(p_name, NFC);
begin
    if name is null or name = '' or char_length(p_name) > 128 or name ~ '^\s|\s$|[[:cntrl:]]'
        or name in ('__proto__', '$') or name ~ '^[0-9]+$' then
        perform stackdocs.unfit(p_name, 'a name is empty, padded, reserved, too long or a number');
    end if;
    return replace(replace(replace(name, '~', '~0'), '/', '~1'), '#', '~2');
end
$$;

create function stackdocs.row_key(p_row integer) returns text
language plpgsql immutable set search_path = ''
as $$
begin
    if p_row not between 0 and 9999 then
        perform stackdocs.unfit(p_row::text, 'a row is not from 0 to 9,999');
    end if;
    return '#' || lpad(p_row::text, 4, '0');
end
$$;

-- How many rows there are below a key, counting up to the last one that is there.
create function stackdocs.row_count(p_held stackdocs.held, p_stack uuid, p_key text)
returns integer
language sql stable set search_path = ''
as $$
    select coalesce(max(substr(f.key, length(p_key) + 3, 4)::integer) + 1, 0)
    from stackdocs.fields as f
    where f.stack_id = p_stack and f.extraction_id = (p_held).extraction
        and f.key >= p_key || '/#' and f.key < p_key || '/$'
$$;

-- The key of a path as jsonb_set and #- take it: numbers are rows, below zero from the end, and one
-- behind the end is the next one. Null for a row that is not there, where none is to be made.
create function stackdocs.key_of(p_held stackdocs.held, p_stack uuid, p_path text[], p_make boolean)
returns text
language plpgsql stable set search_path = ''
as $$
declare
    key text := '';
    one text;
    there integer;
    row_ bigint;
begin
    if cardinality(p_path) > 16 then
        perform stackdocs.unfit('', 'more than 16 levels');
    end if;
    foreach one in array p_path loop
        if one !~ '^-?[0-9]{1,9}$' or one is null then
            key := key || '/' || stackdocs.name_key(one);
            continue;
        end if;
        if key = '' then
            perform stackdocs.unfit(one, 'a path starts with a name');
        end if;
        there := stackdocs.row_count(p_held, p_stack, key);
        row_ := one::bigint;
        if row_ < 0 then
            row_ := there + row_;
        end if;
        if row_ not between 0 and there - 1 then
            if not p_make then
                return null;
            end if;
            if row_ < 0 then
                perform stackdocs.unfit(one, 'there are not so many rows');
            end if;
            row_ := there;
        end if;
        key := key || '/' || stackdocs.row_key(row_::integer);
    end loop;
    return key;
end
$$;

-- The leaves of a value at a key, as stores/leaves.py writes them: [[key, leaf]...].
create function stackdocs.leaves_of(p_key text, p_value jsonb, p_score double precision)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
    ends constant text := ',"e":["unchecked",null,[]]' || coalesce(',"c":'
        || p_score::text || case when p_score::text ~ '^[0-9]+$' then '.0' else '' end, '') || '}';
    found jsonb;
    deepest integer;
begin
    with recursive below (key, value, level) as (
        select p_key, p_value, cardinality(string_to_array(p_key, '/')) - 1
        union all
        select b.key || '/' || child.segment, child.value, b.level + 1
        from below as b cross join lateral (
            select stackdocs.name_key(m.key) as segment, m.value
            from jsonb_each(case when jsonb_typeof(b.value) = 'object' then b.value end) as m
            union all
            select stackdocs.row_key(r.place::integer - 1), r.value
            from jsonb_array_elements(case when jsonb_typeof(b.value) = 'array' then b.value end)
                with ordinality as r (value, place)
        ) as child
        where b.level < 17
    )
    select jsonb_agg(jsonb_build_array(b.key, '{"v":' || b.value::text || ends) order by b.key),
        max(b.level)
    into found, deepest
    from below as b
    where jsonb_typeof(b.value) not in ('object', 'array') or b.value in ('{}', '[]');
    if deepest > 16 or found is null then
        perform stackdocs.unfit(p_key, 'more than 16 levels');
    end if;
    return found;
end
$$;

-- Locked and given back: the extraction that these functions are called with, if it counts.
create function stackdocs.hold_original(p_by stackdocs.caller, p_extraction uuid)
returns stackdocs.held
language plpgsql volatile set search_path = ''
as $$
declare
    document uuid;
    held stackdocs.held;
begin
    select e.document_id into document from public.extractions as e
    where e.stack_id = p_by.stack and e.id = p_extraction;
    if not found then
        raise exception using errcode = 'PT404', message = 'there is no such extraction';
    end if;
    perform stackdocs.hold(p_by, document);
    held := stackdocs.held(p_by, document);
    if held.extraction <> p_extraction then
        raise exception using errcode = 'PT409', message = 'a later extraction counts now';
    end if;
    return held;
end
$$;

-- Do these writes, one after the other, all of them or none.
create function stackdocs.write_original(p_call jsonb, p_held stackdocs.held,
    variadic p_writes jsonb[]) returns void
language plpgsql volatile set search_path = ''
as $$
declare
    answer jsonb;
    refused text;
begin
    if p_held.status in ('processing', 'failed') then
        raise exception using errcode = 'PT409', message = 'the document has not been read',
            detail = p_held.status;
    end if;
    answer := public.sd_write(p_call, p_held.document,
        (select jsonb_agg(jsonb_build_array(one)) from unnest(p_writes) as one), null, false);
    select one ->> 0 into refused from jsonb_array_elements(answer -> 'answers') as one
    where one ->> 0 is not null limit 1;
    if refused is not null then
        raise exception using errcode = 'PT409', message = 'what is there does not allow it',
            detail = refused;
    end if;
end
$$;

create function stackdocs.original_call(p_function text) returns jsonb
language sql volatile set search_path = ''
as $$
    select jsonb_build_object('id', gen_random_uuid(), 'kind', 'agent', 'client', p_function,
        'now', stackdocs.micros(clock_timestamp()), 'quotas', '{}'::jsonb)
$$;

-- Set the value at a path, whatever was there or below; what leads there is made.
create function public.update_extraction_field(p_extraction_id uuid, p_field_path text[],
    p_value jsonb, p_confidence double precision default null) returns void
language plpgsql volatile set search_path = ''
as $$
declare
    this_call jsonb := stackdocs.original_call('update_extraction_field');
    me stackdocs.caller := stackdocs.enter_to_write(this_call);
    held stackdocs.held := stackdocs.hold_original(me, p_extraction_id);
    value jsonb := coalesce(p_value, 'null');
    scalar boolean := jsonb_typeof(value) not in ('object', 'array');
    target text := stackdocs.key_of(held, me.stack, p_field_path, true);
    written jsonb;
begin
    if p_confidence not between 0 and 1 then
        raise exception using errcode = 'PT422', message = 'a confidence is from 0 to 1';
    end if;
    if target = '' then
        return;
    end if;
    written := jsonb_build_object('path', target, 'scalar', scalar, 'expected', null,
        'leaves', stackdocs.leaves_of(target, value, p_confidence));
    if scalar and exists (select 1 from stackdocs.fields as f
        where f.stack_id = me.stack and f.extraction_id = held.extraction
            and f.key >= target || '/' and f.key < target || '0') then
        perform stackdocs.write_original(this_call, held, jsonb_build_object('path', target,
            'scalar', false, 'expected', null, 'leaves', '[]'::jsonb), written);
        return;
    end if;
    perform stackdocs.write_original(this_call, held, written);
end
$$;
call stackdocs.callable(
    'public.update_extraction_field(uuid,text[],jsonb,double precision)', 'authenticated');

-- Remove what is at a path and below; where nothing is, nothing happens. Of a list the rows behind
-- move up. What it was in stays, if it is empty then.
create function public.remove_extraction_field(p_extraction_id uuid, p_field_path text[])
returns void
language plpgsql volatile set search_path = ''
as $$
declare
    this_call jsonb := stackdocs.original_call('remove_extraction_field');
    me stackdocs.caller := stackdocs.enter_to_write(this_call);
    held stackdocs.held := stackdocs.hold_original(me, p_extraction_id);
    gone text := stackdocs.key_of(held, me.stack, p_field_path, false);
    parent text := regexp_replace(gone, '/[^/]*$', '');
    gone_row integer := substring(gone from '/#([0-9]{4})$')::integer;
    left_ jsonb;
begin
    if gone is null or gone = '' or not exists (select 1 from stackdocs.fields as f
        where f.stack_id = me.stack and f.extraction_id = held.extraction
            and (f.key = gone or f.key >= gone || '/' and f.key < gone || '0')) then
        return;
    end if;
    select jsonb_agg(jsonb_build_array(case
            when gone_row is null then f.key
            when gone_row < substr(f.key, length(parent) + 3, 4)::integer
            then parent || '/' || stackdocs.row_key(
                substr(f.key, length(parent) + 3, 4)::integer - 1) || substr(f.key,
                length(parent) + 7)
            else f.key end, f.leaf) order by f.key) into left_
    from stackdocs.fields as f
    where f.stack_id = me.stack and f.extraction_id = held.extraction
        and f.key >= parent || '/' and f.key < parent || '0'
        and f.key <> gone and not (f.key >= gone || '/' and f.key < gone || '0');
    if parent <> '' and left_ is null then
        left_ := jsonb_build_array(jsonb_build_array(parent, '{"v":'
            || case when gone_row is null then '{}' else '[]' end
            || ',"e":["unchecked",null,[]]}'));
    end if;
    if gone_row is null and (parent = '' or left_ -> 0 ->> 0 <> parent) then
        perform stackdocs.write_original(this_call, held, jsonb_build_object('path', gone,
            'scalar', false, 'expected', null, 'leaves', '[]'::jsonb));
        return;
    end if;
    perform stackdocs.write_original(this_call, held, jsonb_build_object('path', parent,
        'scalar', false, 'expected', null, 'leaves', left_));
end
$$;
call stackdocs.callable('public.remove_extraction_field(uuid,text[])', 'authenticated');

grant execute on function stackdocs.assembled(uuid, uuid, text), stackdocs.unfit(text, text),
    stackdocs.name_key(text), stackdocs.row_key(integer),
    stackdocs.row_count(stackdocs.held, uuid, text),
    stackdocs.key_of(stackdocs.held, uuid, text[], boolean),
    stackdocs.leaves_of(text, jsonb, double precision),
    stackdocs.hold_original(stackdocs.caller, uuid),
    stackdocs.write_original(jsonb, stackdocs.held, jsonb[]), stackdocs.original_call(text)
    to authenticated;

revoke execute on all routines in schema stackdocs from public;
insert into stackdocs.migrations (version, name) values ('20261121000800', 'original_names');
