"""The Supabase store: Postgres through PostgREST, files in Storage, for any number of replicas."""
