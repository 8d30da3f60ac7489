// Starts a fake upstream and the proxy with a private authority, then runs the test files in a child whose
// NODE_EXTRA_CA_CERTS trusts it. Installs the pinned SDKs first where they are missing.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const binary = join(process.env.SALLYPORT_BIN ?? '.', 'sallyport');
const work = mkdtempSync(join(tmpdir(), 'sallyport-clients-'));
const children = [];
const planted = ['wilma.kq7', 'quokkazanzibar', 'Ignore all previous', 'client-key-', 'provider-key-1'];

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const key = (tenant) => `client-key-of-${tenant}`;

function install() {
  if (existsSync(join(here, 'node_modules', 'openai', 'package.json'))) return;
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: here, stdio: 'inherit' });
  if (npm.status !== 0) throw new Error('npm ci failed');
}

function certificates() {
  const openssl = (...args) => execFileSync('openssl', args, { cwd: work, stdio: 'ignore' });
  for (const k of ['ca.key', 'server.key']) openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', k);
  openssl('req', '-x509', '-new', '-key', 'ca.key', '-out', 'ca.pem', '-days', '30', '-subj', '/CN=test authority',
    '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign');
  openssl('req', '-new', '-key', 'server.key', '-out', 'server.csr', '-subj', '/CN=test');
  writeFileSync(join(work, 'ext'), 'basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n');
  openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '30',
    '-extfile', 'ext', '-out', 'server.pem');
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

// A child and everything it printed.
function start(...args) {
  const cache = process.env.SALLYPORT_TEST_CACHE ?? join(work, 'cache');
  mkdirSync(cache, { recursive: true });
  const env = { ...process.env, PROVIDER_KEY: 'provider-key-1', XDG_CACHE_HOME: cache };
  const child = spawn(binary, args, { cwd: work, env });
  const state = { child, out: '' };
  child.stdout.on('data', (d) => { state.out += d; });
  child.stderr.on('data', (d) => { state.out += d; });
  state.ended = new Promise((done) => child.on('exit', (code) => { state.code = code; done(code); }));
  children.push(state);
  return state;
}

async function until(what, test) {
  for (const began = Date.now(); Date.now() - began < 120000; await sleep(20)) {
    for (const c of children) {
      if (c.code !== undefined) throw new Error(`${c.child.spawnargs.join(' ')} ended:\n${c.out}`);
    }
    const value = await test();
    if (value) return value;
  }
  throw new Error(`${what} did not come true`);
}

function tenant(name, more) {
  const digest = createHash('sha256').update(key(name)).digest('hex');
  writeFileSync(join(work, `${name}.yaml`),
    JSON.stringify({ tenant: name, service_model: 'paas', credentials: [{ key_sha256: digest }], ...more }));
}

async function servers() {
  const mock = start('mock', '--listen', '127.0.0.1:0', '--quiet');
  const upstream = (await until('the mock', () => mock.out.match(/listening on (http:\S+)/)))[1];
  const [port, admin] = [await freePort(), await freePort()];
  const credential = { header: 'api-key', env: 'PROVIDER_KEY' };
  tenant('openai', { upstream: 'openai' });
  tenant('azure', { upstream: 'azure' });
  tenant('blocker', { upstream: 'openai', rules: { actions: { pii: 'block' } } });
  writeFileSync(join(work, 'sallyport.yaml'), JSON.stringify({
    version: 1,
    workers: 2,
    listen: [{ address: `127.0.0.1:${port}`, tls: { certificate: 'server.pem', key: 'server.key' } }],
    admin: { address: `127.0.0.1:${admin}` },
    audit: { file: 'audit.jsonl' },
    upstreams: {
      openai: { url: upstream, provider: 'openai', credential },
      azure: { url: upstream, provider: 'azure_openai', credential },
    },
    tenants: ['openai.yaml', 'azure.yaml', 'blocker.yaml'],
  }));
  const serve = start('serve', '-c', 'sallyport.yaml');
  await until('readiness', () => fetch(`http://127.0.0.1:${admin}/readyz`).then((r) => r.ok, () => false));
  return { serve, env: { MOCK: upstream, PROXY: `https://localhost:${port}`, ADMIN: `http://127.0.0.1:${admin}` } };
}

function runTests(env) {
  const args = ['--test', join(here, 'openai.test.mjs')];
  const child = spawn(process.execPath, args,
    { stdio: 'inherit', env: { ...process.env, ...env, NODE_EXTRA_CA_CERTS: join(work, 'ca.pem') } });
  return new Promise((done) => child.on('exit', (code) => done(code ?? 1)));
}

// Nothing planted by the tests may show up in what the proxy wrote.
function leaks(serve, metrics) {
  const sinks = { output: serve.out, audit: readFileSync(join(work, 'audit.jsonl'), 'utf8'), metrics };
  return Object.entries(sinks).flatMap(([name, text]) =>
    planted.filter((p) => text.includes(p)).map((p) => `${name} holds ${p}`));
}

let status = 1;
try {
  install();
  certificates();
  const { serve, env } = await servers();
  status = await runTests(env);
  const metrics = await (await fetch(`${env.ADMIN}/metrics`)).text();
  serve.child.kill('SIGTERM');
  const code = await serve.ended;
  const found = leaks(serve, metrics);
  if (code !== 0 || found.length > 0) {
    console.error(`serve ended with ${code}; ${found.join('; ')}`);
    status = 1;
  }
} catch (error) {
  console.error(error.message);
} finally {
  for (const c of children) if (c.code === undefined) c.child.kill('SIGTERM');
  rmSync(work, { recursive: true, force: true });
}
process.exit(status);
