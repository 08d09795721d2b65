// The TypeScript SDK's first generation.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { job, texts, work } from './worker.mjs';

const transport = job.url
  ? new StreamableHTTPClientTransport(new URL(job.url), { requestInit: { headers: job.headers } })
  : new StdioClientTransport({
      command: job.command[0],
      args: job.command.slice(1),
      env: job.environment,
    });
const client = new Client({ name: 'typescript-1', version: '1.32.2' });

await client.connect(transport);
const { tools } = await client.listTools();
await work(tools.map((tool) => tool.name), async (tool, given) => {
  const result = await client.callTool({ name: tool, arguments: given });
  return [texts(result.content), Boolean(result.isError)];
});
if (job.url) await transport.terminateSession();
await client.close();
process.exit(0);
