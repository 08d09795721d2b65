// An OpenID provider on loopback: certified software, its people and its screens played by this
// script. Prints its issuer as one line of JSON, and ends when its standard input does. The argument
// is what it signs with: ES256 or RS256.
//
// Who signs in is the name in the browser's `x-person` header. Everybody consents to what is asked,
// and to no more: the next authorization has to ask for the rest.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider, { errors } from 'oidc-provider';

const SCOPES = 'stack:read stack:write stack:admin';
const STACK = /^http:\/\/127\.0\.0\.1:\d+\/stacks\/[A-Za-z0-9-]+\/mcp$/;

const alg = process.argv[2];
const { privateKey } =
  alg === 'RS256'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: 'first' };

const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  jwks: { keys: [key] },
  scopes: ['openid', 'offline_access', ...SCOPES.split(' ')],
  clientDefaults: { id_token_signed_response_alg: alg },
  cookies: { keys: ['only for tests'] },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  // Clients register with the scopes of their first challenge. This provider holds no one to them
  // (RFC 7591, 2: it may replace what is asked for); one that does cannot be stepped up at.
  extraClientMetadata: {
    properties: ['any'],
    validator: (_ctx, _name, _value, metadata) => {
      delete metadata.scope;
    },
  },
  interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
  features: {
    devInteractions: { enabled: false },
    registration: { enabled: true },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, resource) => {
        if (!STACK.test(resource)) throw new errors.InvalidTarget();
        return { scope: SCOPES, accessTokenFormat: 'jwt', jwt: { sign: { alg } } };
      },
    },
  },
});

// A person in front of the screens: says who they are, and agrees.
async function interact(request, response) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    const login = { accountId: request.headers['x-person'] };
    return provider.interactionFinished(request, response, { login });
  }
  const known = grantId && (await provider.Grant.find(grantId));
  const grant =
    known || new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const { missingOIDCScope, missingResourceScopes } = prompt.details;
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '));
  for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {})) {
    grant.addResourceScope(resource, scopes.join(' '));
  }
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
}

const others = provider.callback();
server.on('request', (request, response) => {
  if (!request.url.startsWith('/interaction/')) return others(request, response);
  return interact(request, response).catch((error) => {
    response.writeHead(500).end(String(error));
  });
});

process.stdin.resume().on('end', () => process.exit());
console.log(JSON.stringify({ issuer }));
