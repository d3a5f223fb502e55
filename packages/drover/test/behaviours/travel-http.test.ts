import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { test, type TestContext } from 'node:test'
import { makeTravellers } from '../support/travelling.ts'

/** A git server on loopback, which lets in who knows its password, if it has one. */
async function serve(t: TestContext, password = '') {
  let folder = ''
  const server = createServer((request, response) => {
    const [path = '', query = ''] = request.url!.split('?')
    const shown = Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString()
    if (password !== '' && shown !== `ada:${password}`) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end()
      return
    }
    const env = {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: dirname(folder),
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'],
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
      GIT_PROTOCOL: request.headers['git-protocol'] as string | undefined,
    }
    const child = spawn('git', ['http-backend'], { env })
    request.pipe(child.stdin)
    const parts: Buffer[] = []
    child.stdout.on('data', (bytes: Buffer) => parts.push(bytes))
    child.once('close', () => {
      const all = Buffer.concat(parts)
      const end = all.indexOf('\r\n\r\n')
      const heads = all.subarray(0, end).toString().split('\r\n')
      const status = Number(/^Status: (\d+)/m.exec(heads.join('\n'))?.[1] ?? 200)
      const fields = heads.map((line) => line.split(': ') as [string, string]).filter(([name]) => name !== 'Status')
      response.writeHead(status, Object.fromEntries(fields)).end(all.subarray(end + 4))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const at = `127.0.0.1:${(server.address() as AddressInfo).port}/remote.git`
  const url = (where: string): string => {
    folder = where
    return `http://${password === '' ? '' : `ada:${password}@`}${at}`
  }
  return { url, at }
}

test('work travels over http, and the password in its address is told to nobody', async (t) => {
  const { url, at } = await serve(t, 'geheim17')
  const { remote, worlds } = await makeTravellers(t, { url, receive: true })
  const [world] = worlds as [(typeof worlds)[0]]
  await world.add('one', 'echo 1 > one.txt')
  await world.run()
  assert.deepEqual(remote.landed(), ['one'])
  world.git('remote', 'set-url', 'origin', `http://ada:geheim18@${at}`)
  const { stdout, stderr } = await world.drover('doctor', '--trust')
  assert.match(stdout, /✗ +remote +origin: .*(Authentication failed|could not read)/)
  assert.doesNotMatch(stdout + stderr, /geheim/)
  for (const file of [
    '.drover/drover.db',
    '.drover/drover.db-wal',
    '.drover/log/daemon.jsonl',
    '.drover/run/remote-away',
  ])
    if (world.has(file)) assert.doesNotMatch(world.read(file), /geheim/, file)
})

test('a remote that may only be read is told by doctor, and no landing is lost on it', async (t) => {
  const { url } = await serve(t)
  const { remote, worlds } = await makeTravellers(t, { url, receive: true })
  const [world] = worlds as [(typeof worlds)[0]]
  remote.git('config', 'http.receivepack', 'false')
  assert.match((await world.drover('doctor')).stdout, /✗ +remote +origin: nothing can be pushed: .*403/)
  await world.add('one', 'echo 1 > one.txt', '--max-attempts', '1')
  await world.run(8)
  assert.match((await world.task('one')).lastError!, /the remote does not take its work: .*403/)
  remote.git('config', 'http.receivepack', 'true')
  await world.ok('retry', 'one')
  await world.run()
  assert.deepEqual(remote.landed(), ['one'])
})

test('a remote that is not there, or has no such branch, is named with what to type', async (t) => {
  const { remote, worlds } = await makeTravellers(t)
  const [world] = worlds as [(typeof worlds)[0]]
  world.git('remote', 'rename', 'origin', 'upstream')
  await world.ok('config', 'set', 'land.remote', 'origin')
  assert.match((await world.drover('doctor')).stdout, /there is no remote "origin": `git remote add origin <url>`/)
  await world.ok('config', 'set', 'land.remote', 'upstream')
  remote.git('update-ref', '-d', 'refs/heads/main')
  assert.match((await world.drover('doctor', '--trust')).stdout, /it has no branch "main": `git push -u upstream main`/)
})
