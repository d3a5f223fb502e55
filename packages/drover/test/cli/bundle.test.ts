import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const main = join(root, 'packages/drover/dist/main.js')

/** The files that are loaded with this one, and those that it may load later. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const [, path] of readFileSync(file, 'utf8').matchAll(
    /^(?:import|export|\}) ?(?:.* )?(?:from )?"(\.[^"]+)";$/gm,
  ))
    loadedWith(join(dirname(file), path!), seen)
  return seen
}

test('the bundle starts from few files, and asks Node for nothing that loads more than it needs', () => {
  execFileSync(process.execPath, [join(root, 'tools/build.mjs')])
  assert.equal(loadedWith(main).size, 1, '`drover --version` is one file')
  const commands = /import\("(\.\/chunks\/commands-[^"]+)"\)/.exec(readFileSync(main, 'utf8'))?.[1]
  assert.ok(commands)
  const files = loadedWith(join(dirname(main), commands))
  assert.ok(files.size > 1 && files.size <= 5, [...files].join('\n'))
  for (const file of [main, ...files]) assert.doesNotMatch(readFileSync(file, 'utf8'), / from "node:/, file)
  assert.match(execFileSync(process.execPath, [main, '--version'], { encoding: 'utf8' }), /^drover \d/)
  assert.match(execFileSync(process.execPath, [main, 'help'], { encoding: 'utf8' }), /drover run/)
})

test('the bundle’s MCP server answers, and no other command loads its library', () => {
  execFileSync(process.execPath, [join(root, 'tools/build.mjs')])
  const commands = /import\("(\.\/chunks\/commands-[^"]+)"\)/.exec(readFileSync(main, 'utf8'))![1]!
  for (const file of loadedWith(join(dirname(main), commands)))
    assert.doesNotMatch(readFileSync(file, 'utf8'), /node_modules\/@modelcontextprotocol/, file)
  const names = ['RUN_ID', 'TASK_ID', 'TOKEN', 'SOCKET', 'FOLDER'].map((name) => [`DROVER_${name}`, `/nowhere/${name}`])
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'a test', version: '1' } }
  const requests = [
    { id: 1, method: 'initialize', params },
    { id: 2, method: 'tools/call', params: { name: 'progress', arguments: { label: 'half' } } },
  ]
  const input = requests.map((request) => `${JSON.stringify({ jsonrpc: '2.0', ...request })}\n`).join('')
  const env = { ...process.env, ...Object.fromEntries(names) }
  const said = execFileSync(process.execPath, [main, 'mcp'], { encoding: 'utf8', input, env })
  const answers = said
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).result)
  assert.equal(answers[0].serverInfo.name, 'drover')
  assert.equal(answers[1].content[0].text, 'Nobody watches at the moment. Go on.')
})

test('two commands that are bundled together do not take each other’s names', async () => {
  execFileSync(process.execPath, [join(root, 'tools/build.mjs')])
  const commands = /import\("(\.\/chunks\/commands-[^"]+)"\)/.exec(readFileSync(main, 'utf8'))![1]!
  const bundled = Object.keys(await import(join(dirname(main), commands)))
  const folder = join(root, 'packages/drover/src/cli/commands')
  for (const name of readdirSync(folder).filter((one) => one !== 'logs.ts'))
    for (const word of Object.keys(await import(join(folder, name))))
      assert.ok(bundled.includes(word), `${word} of ${name} is lost: another command file exports it too`)
})
