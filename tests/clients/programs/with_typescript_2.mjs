// The TypeScript SDK's second generation; `option` is how it negotiates, auto or legacy.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { job, texts, work } from './worker.mjs';

const transport = job.url
  ? new StreamableHTTPClientTransport(new URL(job.url), { requestInit: { headers: job.headers } })
  : new StdioClientTransport({
      command: job.command[0],
      args: job.command.slice(1),
      env: job.environment,
    });
const client = new Client(
  { name: 'typescript-2', version: '2.4.0' },
  { versionNegotiation: { mode: job.option } },
);

await client.connect(transport);
const { tools } = await client.listTools();
await work(tools.map((tool) => tool.name), async (tool, given) => {
  const result = await client.callTool({ name: tool, arguments: given });
  return [texts(result.content), Boolean(result.isError)];
});
await client.close();
process.exit(0);
