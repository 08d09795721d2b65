// A TypeScript client with OAuth that is given the address of a stack, and nothing else. Lists the
// tools, then writes a field; whenever it is sent to the authorization server a person agrees.
//
// Argument: JSON with sdk ("1" or "2"), url, person, document, path, value. Prints JSON.
const task = JSON.parse(process.argv[2]);
const CALLBACK = 'http://127.0.0.1:1/callback';

async function imported() {
  if (task.sdk === '2') {
    const { Client, StreamableHTTPClientTransport, UnauthorizedError } = await import(
      '@modelcontextprotocol/client'
    );
    const options = { versionNegotiation: { mode: 'auto' } };
    return { Client, StreamableHTTPClientTransport, UnauthorizedError, options };
  }
  const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
  const { StreamableHTTPClientTransport } = await import(
    '@modelcontextprotocol/sdk/client/streamableHttp.js'
  );
  const { UnauthorizedError } = await import('@modelcontextprotocol/sdk/client/auth.js');
  return { Client, StreamableHTTPClientTransport, UnauthorizedError, options: {} };
}

const { Client, StreamableHTTPClientTransport, UnauthorizedError, options } = await imported();
const challenges = [];
const asked = [];
let answer;

// Signs in, agrees, and stops at the client's own address, where nobody listens.
async function browse(url) {
  asked.push(url.searchParams.get('scope').split(' ').sort());
  const cookies = new Map();
  while (!url.href.startsWith(CALLBACK)) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { cookie, 'x-person': task.person };
    const response = await fetch(url, { headers, redirect: 'manual' });
    if (response.status < 300 || response.status > 399) throw new Error(await response.text());
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      cookies.set(name, value);
    }
    url = new URL(response.headers.get('location'), url);
  }
  answer = url.searchParams;
}

const kept = {};
const authProvider = {
  redirectUrl: CALLBACK,
  clientMetadata: { client_name: 'an agent', redirect_uris: [CALLBACK] },
  clientInformation: () => kept.client,
  saveClientInformation: (client) => void (kept.client = client),
  tokens: () => kept.tokens,
  saveTokens: (tokens) => void (kept.tokens = tokens),
  codeVerifier: () => kept.verifier,
  saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
  discoveryState: () => kept.discovery,
  saveDiscoveryState: (discovery) => void (kept.discovery = discovery),
  redirectToAuthorization: browse,
};

async function looked(input, init) {
  const response = await fetch(input, init);
  if (response.status === 401 || response.status === 403) {
    const scope = /scope="([^"]*)"/.exec(response.headers.get('www-authenticate'));
    challenges.push([response.status, scope ? scope[1].split(' ') : []]);
  }
  return response;
}

function made() {
  const transport = new StreamableHTTPClientTransport(new URL(task.url), {
    authProvider,
    fetch: looked,
  });
  return { client: new Client({ name: 'an agent', version: '1' }, options), transport };
}

// Runs it; where that needs the person first, takes what the browser was told and runs it again.
async function authorized(transport, run) {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    await transport().finishAuth(task.sdk === '2' ? answer : answer.get('code'));
    return run();
  }
}

let current;
await authorized(
  () => current.transport,
  () => {
    current = made();
    return current.client.connect(current.transport);
  },
);
const { client, transport } = current;
const { tools } = await client.listTools();
const granted = kept.tokens.scope;
const { document, path, value } = task;
const written = await authorized(
  () => transport,
  () =>
    client.callTool({ name: 'set_field', arguments: { document_id: document, path, value } }),
);
const spoken = client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion;
await client.close();
console.log(
  JSON.stringify({
    tools: tools.map((tool) => tool.name),
    granted,
    stepped: kept.tokens.scope,
    written,
    challenges,
    asked,
    spoken,
  }),
);
