-- Reading documents in: claimed by one at a time, paid for by who added them, to the end or to a
-- failure.

-- Claims -----------------------------------------------------------------------------------------

-- Whether the bytes of a document of the bound stack are being read in another stack of its owner.
-- That is more than the caller may see, who is told yes or no.
create function stackdocs.read_elsewhere(p_document uuid, p_now timestamptz) returns boolean
language sql stable security definer set search_path = ''
as $$
    select exists (
        select 1 from public.documents as d
        join public.documents as o on o.user_id = d.user_id and o.sha256 = d.sha256
            and o.stack_id <> d.stack_id
        join public.stacks as s on s.id = o.stack_id and s.deleted_at is null
        where d.stack_id = stackdocs.stack() and d.id = p_document and o.claimed_until > p_now
    )
$$;
call stackdocs.callable('stackdocs.read_elsewhere(uuid,timestamptz)', 'authenticated',
    'stackdocs_worker');

create function public.sd_claim(p_call jsonb, p_document uuid, p_owner text, p_until bigint)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
    target public.documents := stackdocs.hold_document(me, p_document);
begin
    -- Of those who want the same bytes, in whichever stack, each sees what the one before did.
    perform pg_advisory_xact_lock(hashtextextended(target.sha256 || me.owner, 0));
    update public.documents as d
    set claimed_by = p_owner, claimed_until = stackdocs.moment(p_until),
        abandoned = d.abandoned
            + (d.claimed_by is not null and d.claimed_by <> p_owner)::integer
    where d.stack_id = me.stack and d.id = p_document and d.status = 'processing'
        and (d.claimed_by is null or d.claimed_by = p_owner or d.claimed_until <= me.now)
        and not stackdocs.read_elsewhere(p_document, me.now);
    return to_jsonb(found);
end
$$;
call stackdocs.callable('public.sd_claim(jsonb,uuid,text,bigint)', 'authenticated',
    'stackdocs_worker');

create function public.sd_release(p_call jsonb, p_document uuid, p_owner text) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
begin
    perform stackdocs.hold_document(me, p_document);
    update public.documents as d set claimed_by = null, claimed_until = null
    where d.stack_id = me.stack and d.id = p_document and d.claimed_by = p_owner;
    return null;
end
$$;
call stackdocs.callable('public.sd_release(jsonb,uuid,text)', 'authenticated',
    'stackdocs_worker');

create function public.sd_unclaimed(p_call jsonb, p_now bigint, p_limit bigint) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter(p_call);
    at_time constant timestamptz := stackdocs.moment(p_now);
begin
    return (
        select coalesce(jsonb_agg(stackdocs.document_json(d, e) order by d.uploaded_at, d.id), '[]')
        from (
            select * from public.documents as one
            where one.stack_id = me.stack and one.status = 'processing'
                and (one.claimed_until is null or one.claimed_until <= at_time)
                and not stackdocs.read_elsewhere(one.id, at_time)
            order by one.uploaded_at, one.id limit greatest(p_limit, 0)
        ) as d
        join public.extractions as e on e.stack_id = d.stack_id and e.id = d.extraction_id
    );
end
$$;
call stackdocs.callable('public.sd_unclaimed(jsonb,bigint,bigint)', 'authenticated',
    'stackdocs_worker');

-- Quotas -----------------------------------------------------------------------------------------

-- What is reserved is written down by functions that charge it, and by nobody else.
create function stackdocs.reserve(p_document uuid, p_kind text, p_pages integer,
    p_by stackdocs.caller) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    target public.documents;
    month pg_catalog.int4;
    held_in pg_catalog.int4;
    held pg_catalog.int4;
begin
    select * into target from public.documents as d
    where d.stack_id = stackdocs.stack_to('stack:write') and d.id = p_document for no key update;
    if not found or p_kind not in ('pages', 'ocr_pages') then
        perform stackdocs.no_document(p_document);
    end if;
    -- What is reserved belongs to one month: at the end of it, what is left is given back there.
    held := case p_kind when 'pages' then target.reserved_pages else target.reserved_ocr end;
    held_in := case p_kind when 'pages' then target.reserved_pages_in
        else target.reserved_ocr_in end;
    if held > 0 and held_in <> stackdocs.month(p_by.now) then
        execute format('update stackdocs.usage set %1$I = greatest(0, %1$I - $1)
            where user_id = $2 and month = $3', p_kind) using held, target.added_by, held_in;
        held := 0;
    end if;
    month := stackdocs.charge(p_document, p_kind, p_pages, p_by);
    if p_kind = 'pages' then
        update public.documents as d
        set reserved_pages = held + p_pages, reserved_pages_in = month
        where d.stack_id = target.stack_id and d.id = p_document;
    else
        update public.documents as d set reserved_ocr = held + p_pages, reserved_ocr_in = month
        where d.stack_id = target.stack_id and d.id = p_document;
    end if;
end
$$;
call stackdocs.callable('stackdocs.reserve(uuid,text,integer,stackdocs.caller)', 'authenticated',
    'stackdocs_worker');

-- What the token's user has used this month.
create function public.sd_used(p_now bigint) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object('documents', u.documents, 'pages', u.pages,
        'ocr_pages', u.ocr_pages)
    from stackdocs.usage as u
    where u.user_id = stackdocs.usr() and u.month = stackdocs.month(stackdocs.moment(p_now))
$$;
call stackdocs.callable('public.sd_used(bigint)', 'authenticated');

create function public.sd_set_outline(p_call jsonb, p_document uuid, p_media_type text,
    p_pages integer) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
    target public.documents := stackdocs.hold_document(me, p_document);
begin
    perform stackdocs.give_back(p_document); -- what an earlier attempt has reserved
    if p_pages > target.pages_done then
        perform stackdocs.reserve(p_document, 'pages', p_pages - target.pages_done, me);
    end if;
    update public.documents as d
    set mime_type = p_media_type, pages = p_pages, updated_at = me.now
    where d.stack_id = me.stack and d.id = p_document;
    return null;
end
$$;
call stackdocs.callable('public.sd_set_outline(jsonb,uuid,text,integer)', 'authenticated',
    'stackdocs_worker');

create function public.sd_reserve_recognition(p_call jsonb, p_document uuid, p_pages integer)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
    answer jsonb := stackdocs.answered(me, p_call, 'reserve_recognition');
begin
    if answer is not null then
        return answer;
    end if;
    perform stackdocs.hold_document(me, p_document);
    if p_pages > 0 then
        perform stackdocs.reserve(p_document, 'ocr_pages', p_pages, me);
    end if;
    return stackdocs.keep(me, p_call, 'reserve_recognition', 'true');
end
$$;
call stackdocs.callable('public.sd_reserve_recognition(jsonb,uuid,integer)', 'authenticated',
    'stackdocs_worker');

-- To the end, or to a failure --------------------------------------------------------------------

create function public.sd_finish(p_call jsonb, p_document uuid) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
begin
    perform stackdocs.hold_document(me, p_document);
    update public.documents as d
    set status = 'ocr_complete', claimed_by = null, claimed_until = null, updated_at = me.now
    where d.stack_id = me.stack and d.id = p_document and d.status = 'processing';
    perform stackdocs.give_back(p_document);
    return stackdocs.document(me, p_document);
end
$$;
call stackdocs.callable('public.sd_finish(jsonb,uuid)', 'authenticated', 'stackdocs_worker');

create function public.sd_fail(p_call jsonb, p_document uuid, p_code text, p_message text,
    p_advice text) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
begin
    perform stackdocs.hold_document(me, p_document);
    update public.documents as d
    set status = 'failed', failure_code = p_code, failure_message = p_message,
        failure_advice = p_advice, claimed_by = null, claimed_until = null, updated_at = me.now
    where d.stack_id = me.stack and d.id = p_document and d.status = 'processing';
    perform stackdocs.give_back(p_document);
    return stackdocs.document(me, p_document);
end
$$;
call stackdocs.callable('public.sd_fail(jsonb,uuid,text,text,text)', 'authenticated',
    'stackdocs_worker');

create function public.sd_retry(p_call jsonb, p_document uuid) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
    answer jsonb := stackdocs.answered(me, p_call, 'retry'); -- reading once more may be billed
begin
    if answer is not null then
        return answer;
    end if;
    perform stackdocs.hold_document(me, p_document);
    update public.documents as d
    set status = 'processing', failure_code = null, failure_message = null, failure_advice = null,
        abandoned = 0, updated_at = me.now
    where d.stack_id = me.stack and d.id = p_document and d.status = 'failed';
    return stackdocs.keep(me, p_call, 'retry', stackdocs.document(me, p_document));
end
$$;
call stackdocs.callable('public.sd_retry(jsonb,uuid)', 'authenticated');

create function public.sd_reread(p_call jsonb, p_document uuid) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
    answer jsonb := stackdocs.answered(me, p_call, 'reread'); -- reading once more may be billed
begin
    if answer is not null then
        return answer;
    end if;
    perform stackdocs.hold_document(me, p_document);
    update public.documents as d
    set status = 'processing', failure_code = null, failure_message = null, failure_advice = null,
        abandoned = 0, pages_done = 0, pages_without_text = 0, readings = d.readings + 1,
        updated_at = me.now
    where d.stack_id = me.stack and d.id = p_document and d.status <> 'processing';
    if found then -- what search knows of the pages goes with them
        delete from stackdocs.document_pages as l
        where l.stack_id = me.stack and l.document_id = p_document;
    end if;
    return stackdocs.keep(me, p_call, 'reread', stackdocs.document(me, p_document));
end
$$;
call stackdocs.callable('public.sd_reread(jsonb,uuid)', 'authenticated');

revoke execute on all routines in schema stackdocs from public;
insert into stackdocs.migrations (version, name) values ('20261121000410', 'reading_in');
