# docker build -t stackdocs-mcp .
# docker run -i --rm --network none -v stackdocs:/data -v "$HOME/invoices:/documents:ro" stackdocs-mcp serve /documents
# docker run -d --stop-timeout 20 -p 127.0.0.1:8765:8765 -v stackdocs:/data -e STACKDOCS_AUTH_ISSUER=https://id.example.com -e STACKDOCS_PUBLIC_URL=https://stackdocs.example.com stackdocs-mcp serve --http --host 0.0.0.0
FROM python:3.13-slim AS build
COPY . /source
RUN python -m venv /app && /app/bin/pip install --no-cache-dir /source

FROM python:3.13-slim
COPY --from=build /app /app
RUN useradd --create-home stackdocs && install -d -o stackdocs -m 700 /data
USER stackdocs
ENV PATH=/app/bin:$PATH STACKDOCS_DATA_DIR=/data
VOLUME /data
EXPOSE 8765
ENTRYPOINT ["stackdocs-mcp"]
