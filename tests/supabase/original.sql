-- A database of the original Stackdocs product, as far as it is known from its public description:
-- written anew, with data made up for the tests. What goes wrong in real data is in it on purpose.
-- Times are without a zone, and mean UTC. Users are what their identity provider calls them.

create table public.users (
    id                            text primary key,
    email                         text not null unique,
    documents_processed_this_month integer default 0,
    usage_reset_date              date default current_date,
    subscription_tier             varchar(20) default 'free',
    documents_limit               integer default 5,
    created_at                    timestamp default now()
);

create table public.documents (
    id              uuid primary key default gen_random_uuid(),
    user_id         text not null references public.users (id) on delete cascade,
    filename        varchar(255) not null,
    file_path       text not null,
    file_size_bytes integer not null,
    mime_type       varchar(100) not null,
    mode            varchar(20) not null default 'auto',
    status          varchar(20) default 'processing'
        check (status in ('processing', 'ocr_complete', 'completed', 'failed')),
    uploaded_at     timestamp default now(),
    session_id      text,
    display_name    varchar(255),
    tags            text[],
    summary         text
);
create index documents_of_user on public.documents (user_id, uploaded_at desc);

create table public.ocr_results (
    id                 uuid primary key default gen_random_uuid(),
    document_id        uuid not null unique references public.documents (id) on delete cascade,
    user_id            text not null references public.users (id) on delete cascade,
    raw_text           text not null,
    page_count         integer not null,
    layout_data        jsonb,
    processing_time_ms integer,
    usage_info         jsonb,
    model              varchar(50),
    ocr_engine         varchar(50) default 'mistral',
    created_at         timestamp default now(),
    html_tables        jsonb
);

create table public.extractions (
    id                uuid primary key default gen_random_uuid(),
    document_id       uuid not null references public.documents (id) on delete cascade,
    user_id           text not null references public.users (id) on delete cascade,
    extracted_fields  jsonb,
    confidence_scores jsonb,
    mode              varchar(20) default 'auto',
    custom_fields     text[],
    created_at        timestamp default now(),
    updated_at        timestamp default now(),
    session_id        text,
    is_correction     boolean default false,
    status            varchar(20) default 'completed'
);
create index extractions_of_document on public.extractions (document_id);

create table public.stacks (
    id          uuid primary key default gen_random_uuid(),
    user_id     text not null references public.users (id) on delete cascade,
    name        varchar(255) not null,
    description text,
    status      varchar(20) default 'active',
    created_at  timestamp default now(),
    updated_at  timestamp default now()
);

create table public.stack_documents (
    id          uuid primary key default gen_random_uuid(),
    stack_id    uuid not null references public.stacks (id) on delete cascade,
    document_id uuid not null references public.documents (id) on delete cascade,
    added_at    timestamp default now(),
    unique (stack_id, document_id)
);

create table public.stack_tables (
    id         uuid primary key default gen_random_uuid(),
    stack_id   uuid not null references public.stacks (id) on delete cascade,
    user_id    text not null references public.users (id) on delete cascade,
    name       varchar(255) not null,
    columns    jsonb,
    created_at timestamp default now()
);

create table public.stack_table_rows (
    id          uuid primary key default gen_random_uuid(),
    table_id    uuid not null references public.stack_tables (id) on delete cascade,
    document_id uuid references public.documents (id) on delete set null,
    row_data    jsonb,
    created_at  timestamp default now()
);

-- What the product's owner may have beside it, and nobody must touch.
create table public.newsletter (
    user_id text references public.users (id),
    wanted  boolean not null
);

create function public.touch_updated_at() returns trigger language plpgsql as $$
begin
    new.updated_at := now();
    return new;
end
$$;
create trigger extractions_touched before update on public.extractions
    for each row execute function public.touch_updated_at();
create trigger stacks_touched before update on public.stacks
    for each row execute function public.touch_updated_at();

create function public.update_extraction_field(p_extraction_id uuid, p_user_id text,
    p_field_path text[], p_value jsonb, p_confidence float) returns void
language sql as $$
    update public.extractions set
        extracted_fields = jsonb_set(extracted_fields, p_field_path, p_value, true),
        confidence_scores = jsonb_set(confidence_scores, p_field_path, to_jsonb(p_confidence), true)
    where id = p_extraction_id and user_id = p_user_id
$$;
create function public.remove_extraction_field(p_extraction_id uuid, p_user_id text,
    p_field_path text[]) returns void
language sql as $$
    update public.extractions set
        extracted_fields = extracted_fields #- p_field_path,
        confidence_scores = confidence_scores #- p_field_path
    where id = p_extraction_id and user_id = p_user_id
$$;

do $$
declare
    one text;
begin
    foreach one in array array['documents', 'ocr_results', 'extractions', 'stacks'] loop
        execute format('alter table public.%I enable row level security', one);
        execute format('create policy "Users see their own" on public.%I for all
            using ((select auth.jwt() ->> ''sub'') = user_id)', one);
    end loop;
    alter table public.users enable row level security;
    create policy "Users see themselves" on public.users
        using ((select auth.jwt() ->> 'sub') = id);
    alter table public.stack_documents enable row level security;
    create policy "Users see what is in their stacks" on public.stack_documents using (
        exists (select 1 from public.stacks as s
            where s.id = stack_id and s.user_id = (select auth.jwt() ->> 'sub')));
end
$$;

insert into storage.buckets (id, name, public) values ('documents', 'documents', false)
on conflict (id) do nothing;
create policy "Users read their own files" on storage.objects for select using (
    bucket_id = 'documents' and (storage.foldername(name))[1] = (select auth.jwt() ->> 'sub'));
create policy "Users send their own files" on storage.objects for insert with check (
    bucket_id = 'documents' and (storage.foldername(name))[1] = (select auth.jwt() ->> 'sub'));
create policy "Anybody sees avatars" on storage.objects for select using (bucket_id = 'avatars');

-- Data --------------------------------------------------------------------------------------------

create function pg_temp.d(n integer) returns uuid language sql as $$
    select ('d0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid
$$;
create function pg_temp.s(n integer) returns uuid language sql as $$
    select ('50000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid
$$;
create function pg_temp.e(n integer) returns uuid language sql as $$
    select ('e0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid
$$;

insert into public.users (id, email, subscription_tier, documents_limit, created_at) values
    ('user_2alice', 'alice@example.org', 'pro', 500, '2025-01-02 03:04:05'),
    ('user_2bob', 'bob@example.org', 'free', 5, '2025-02-02 03:04:05'),
    ('user_2carol', 'carol@example.org', 'free', 5, '2025-03-02 03:04:05');

insert into public.stacks (id, user_id, name, description, status, created_at) values
    (pg_temp.s(1), 'user_2alice', 'Invoices', 'What we have to pay', 'active', '2025-03-01 08:00'),
    (pg_temp.s(2), 'user_2alice', 'Belege 2025 – Zürich', null, 'active', '2025-03-02 08:00'),
    (pg_temp.s(3), 'user_2alice', 'Invoices', 'The same name again', 'active', '2025-03-03 08:00'),
    (pg_temp.s(4), 'user_2bob', 'Invoices', null, 'active', '2025-03-04 08:00'),
    (pg_temp.s(5), 'user_2bob', 'Old', null, 'archived', '2025-03-05 08:00');

-- 1 to 11, each for something; further down many more that are alike.
insert into public.documents (id, user_id, filename, file_path, file_size_bytes, mime_type, mode,
    status, uploaded_at)
select pg_temp.d(n), owner, name, owner || '/' || pg_temp.d(n) || '/' || stored, 40, mime, 'auto',
    status, timestamp '2025-04-01 12:00:00.5' + n * interval '1 hour'
from (values
    (1, 'user_2alice', 'invoice.pdf', 'invoice.pdf', 'application/pdf', 'completed'),
    (2, 'user_2alice', 'Rechnung Müller.pdf', 'rechnung.pdf', 'application/pdf', 'ocr_complete'),
    (3, 'user_2alice', 'contract.pdf', 'contract.pdf', 'application/pdf', 'completed'),
    (4, 'user_2alice', 'broken.pdf', 'broken.pdf', 'application/pdf', 'failed'),
    (5, 'user_2alice', 'waiting.txt', 'waiting.txt', 'text/plain', 'processing'),
    (6, 'user_2alice', 'missing.pdf', 'missing.pdf', 'application/pdf', 'completed'),
    (7, 'user_2bob', 'invoice.pdf', 'invoice.pdf', 'application/pdf', 'completed'),
    (8, 'user_2alice', 'invoice (1).pdf', 'again.pdf', 'application/pdf', 'completed'),
    (9, 'user_2alice', 'odd.pdf', 'odd.pdf', 'application/pdf', 'completed'),
    (10, 'user_2alice', E'two\nlines.pdf', 'list.pdf', 'application/pdf', 'completed'),
    (11, 'user_2bob', 'smuggled.pdf', 'smuggled.pdf', 'application/pdf', 'completed')
) as given (n, owner, name, stored, mime, status);

insert into public.documents (id, user_id, filename, file_path, file_size_bytes, mime_type, mode,
    status, uploaded_at)
select pg_temp.d(n), 'user_2alice', 'receipt-' || n || '.pdf',
    'user_2alice/' || pg_temp.d(n) || '/receipt.pdf', 40, 'application/pdf', 'auto', 'completed',
    timestamp '2025-05-01 12:00' + n * interval '1 minute'
from generate_series(101, 120) as n;

insert into public.stack_documents (stack_id, document_id, added_at) values
    (pg_temp.s(1), pg_temp.d(1), '2025-04-02 08:00'),
    (pg_temp.s(1), pg_temp.d(2), '2025-04-02 08:00'),
    (pg_temp.s(2), pg_temp.d(2), '2025-04-03 08:00'), -- in two
    (pg_temp.s(1), pg_temp.d(4), '2025-04-02 08:00'),
    (pg_temp.s(1), pg_temp.d(5), '2025-04-02 08:00'),
    (pg_temp.s(1), pg_temp.d(6), '2025-04-02 08:00'),
    (pg_temp.s(4), pg_temp.d(7), '2025-04-02 08:00'),
    (pg_temp.s(1), pg_temp.d(8), '2025-04-02 08:00'), -- the same bytes as 1
    (pg_temp.s(3), pg_temp.d(9), '2025-04-02 08:00'),
    (pg_temp.s(3), pg_temp.d(10), '2025-04-02 08:00'),
    (pg_temp.s(1), pg_temp.d(11), '2025-04-02 08:00'); -- another user's
insert into public.stack_documents (stack_id, document_id, added_at)
select pg_temp.s(2), pg_temp.d(n), '2025-05-02 08:00' from generate_series(101, 120) as n;

insert into public.ocr_results (document_id, user_id, raw_text, page_count, layout_data, model,
    created_at)
select pg_temp.d(n), (select user_id from public.documents where id = pg_temp.d(n)), text, pages,
    layout::jsonb, 'mistral-ocr-latest', timestamp '2025-04-01 12:05' + n * interval '1 hour'
from (values
    (1, E'# ACME Ltd\n\nInvoice 00123\nTotal: 1,234.50 EUR', 1, null),
    (2, E'Müller & Söhne\nRechnung 7\n\nSeite zwei\n東京 ✓', 2,
        '{"pages": [{"index": 0, "markdown": "Müller & Söhne\nRechnung 7"},
            {"index": 1, "markdown": "Seite zwei\n東京 ✓"}]}'),
    (3, E'Contract\nbetween A and B\nSigned', 2, null),
    (6, 'Its file is gone', 1, null),
    (7, E'# ACME Ltd\n\nInvoice 00123\nTotal: 1,234.50 EUR', 1, null),
    (8, E'# ACME Ltd\n\nInvoice 00123\nTotal: 1,234.50 EUR', 1, null),
    (9, E'odd \u202E names', 1, '[]'),
    (10, '', 1, null),
    (11, 'mine, in your stack', 1, null)
) as given (n, text, pages, layout);
insert into public.ocr_results (document_id, user_id, raw_text, page_count, created_at)
select pg_temp.d(n), 'user_2alice', E'Receipt ' || n || E'\nTotal ' || n || '.50', 1,
    timestamp '2025-05-01 12:00:30' + n * interval '1 minute'
from generate_series(101, 120) as n;

insert into public.extractions (id, document_id, user_id, extracted_fields, confidence_scores, mode,
    custom_fields, created_at, updated_at, is_correction)
select pg_temp.e(n), pg_temp.d(document),
    (select user_id from public.documents where id = pg_temp.d(document)), fields::jsonb,
    scores::jsonb, 'auto', null, at::timestamp, at::timestamp, corrected
from (values
    (1, 1, '{"vendor": {"name": "ACME Ltd", "vat": null}, "number": "00123", "total": 1234.50,
        "paid": false, "line_items": [{"what": "Bolts", "amount": 1000},
            {"what": "Nuts", "amount": 234.50}], "notes": [], "extra": {}}',
        '{"vendor": {"name": 0.99}, "total": 0.875, "line_items": 0.5, "number": 7}',
        '2025-04-01 14:00', false),
    (2, 2, '{"total": 1}', '{"total": 0.1}', '2025-04-01 15:00', false),
    (3, 2, '{"total": 2, "vendor": "Müller"}', '{}', '2025-04-01 16:00', false),
    (4, 2, '{"total": 3, "vendor": "Müller & Söhne", "ort": "東京"}', null,
        '2025-04-01 17:00', true),
    (5, 3, '{"parties": ["A", "B"], "signed": true}', '{}', '2025-04-01 18:00', false),
    (6, 6, '{"total": 5}', '{}', '2025-04-01 19:00', false),
    (7, 7, '{"total": 1234.50}', '{"total": 0.9}', '2025-04-01 20:00', false),
    (8, 8, '{"total": 99, "number": "00123"}', '{}', '2025-04-01 21:00', false),
    (9, 9, '{"good": 1, "2025": "a year", "": "no name", " padded": 2,
        "nested": {"__proto__": 1, "fine": "yes"}, "e\u0301": "composed", "\u00e9": "twice",
        "deep": {"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":{"i":{"j":{"k":{"l":{"m":{"n":{"o":{"p":1
            }}}}}}}}}}}}}}}}}', '{}', '2025-04-01 22:00', false),
    (10, 10, '["not", "an object"]', null, '2025-04-01 23:00', false),
    (11, 10, null, null, '2025-04-02 00:00', false),
    (12, 11, '{"secret": "bob''s"}', '{}', '2025-04-02 01:00', false)
) as given (n, document, fields, scores, at, corrected);
insert into public.extractions (id, document_id, user_id, extracted_fields, confidence_scores, mode,
    created_at, updated_at)
select pg_temp.e(n), pg_temp.d(n), 'user_2alice',
    jsonb_build_object('total', n + 0.50, 'vendor', jsonb_build_object('name', 'Shop ' || n)),
    jsonb_build_object('total', 0.75), 'auto', timestamp '2025-05-01 13:00' + n * interval '1 minute',
    timestamp '2025-05-01 13:00' + n * interval '1 minute'
from generate_series(101, 120) as n;

insert into public.stack_tables (id, stack_id, user_id, name, columns)
values (pg_temp.s(91), pg_temp.s(1), 'user_2alice', 'All of them', '["total"]');
insert into public.stack_table_rows (table_id, document_id, row_data)
values (pg_temp.s(91), pg_temp.d(1), '{"total": 1234.50}');
insert into public.newsletter values ('user_2alice', true);
