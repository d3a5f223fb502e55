// Makes a fresh clone ready (its packages, a modern Node), then becomes the command that was asked for.
//
//   node tools/ready.mjs [script | tool in node_modules/.bin | option of node] [arguments]
//
// This is the one file that must run on Node 20, so it is plain JavaScript and stands on nothing.
import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, delimiter, join, resolve } from 'node:path'
import { isatty } from 'node:tty'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = join(root, 'node_modules', '.bin')
const lock = join(root, '.installing')

try {
  if (!isReady()) await alone(async () => isReady() || (await install()))
  const node = broughtNode() ?? ownNode()
  if (!node) throw new Error('Node 22.18 or newer is needed, and there is none to bring for this platform')
  const [what, ...rest] = process.argv.slice(2)
  if (what) become(node, [target(what), ...rest])
} catch (error) {
  console.error(`drover: ${error.message}`)
  process.exitCode = 1
}

/** What is installed is compared with the lockfile itself, so a hand-made `npm ci` counts and a half-made one does not. */
function isReady() {
  if (!broughtNode() && !ownNode()) return false
  const present = packages('node_modules/.package-lock.json')
  return Object.entries(packages('package-lock.json')).every(
    ([path, wanted]) => path === '' || (present[path] ? present[path].version === wanted.version : wanted.optional),
  )
}

function packages(file) {
  const path = join(root, file)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {}
}

function broughtNode() {
  const inPackage = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
  return [join(bin, 'node'), inPackage].find((path) => existsSync(path))
}

function ownNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 18) ? process.execPath : undefined
}

async function install() {
  console.error('drover: fetching the packages this clone needs (once, about 10 s)')
  const { npm_execpath: script = '', npm_node_execpath: node = '', PATH = '' } = process.env
  const npm = basename(script) === 'npm-cli.js' && node ? [node, script] : ['npm']
  const command = [...npm, 'ci', '--include=dev', '--include=optional', '--ignore-scripts']
  // The Node that npm runs on must not be the one it is about to replace.
  const hostPath = PATH.split(delimiter).filter((folder) => resolve(folder) !== bin)
  const env = { ...process.env, PATH: hostPath.join(delimiter) }
  const child = spawn(command[0], command.slice(1), { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] })
  if (child.pid) writeFileSync(join(lock, String(child.pid)), '')
  const code = await new Promise((ended, broken) => child.on('exit', ended).on('error', broken))
  if (code !== 0) throw new Error(`npm ci did not succeed (exit ${code})`)
}

/**
 * Runs `work` while no other process does. The lock is a folder with one file per process that holds it, moved into place
 * whole: a rename on to a folder succeeds only while that one is empty, so taking over from the dead never evicts the living.
 */
async function alone(work) {
  const mine = `${lock}.${process.pid}`
  mkdirSync(mine, { recursive: true })
  writeFileSync(join(mine, String(process.pid)), '')
  for (let told = false; !isMoved(mine, lock);) {
    const dead = holders().filter((pid) => !isAlive(pid))
    leave(dead)
    if (dead.length > 0) continue
    if (!told) console.error('drover: waiting for another command that is fetching packages')
    told = true
    await new Promise((passed) => setTimeout(passed, 200))
  }
  await work().finally(() => leave(holders()))
}

function isMoved(from, to) {
  try {
    renameSync(from, to)
    return true
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(error.code)) return false
    throw error
  }
}

function holders() {
  return existsSync(lock) ? readdirSync(lock) : []
}

function leave(pids) {
  for (const pid of pids) rmSync(join(lock, pid), { force: true })
  try {
    rmdirSync(lock)
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(error.code)) throw error // somebody else holds it, or has left it too
  }
}

function isAlive(pid) {
  try {
    process.kill(Number(pid), 0)
    const status = `/proc/${pid}/status` // a zombie answers signals too, for ever where nobody reaps it
    if (existsSync(status) && /^State:\s+Z/m.test(readFileSync(status, 'utf8'))) return false
    return Date.now() - statSync(lock).mtimeMs < 15 * 60_000 // the number of a dead process may be in use again
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function target(what) {
  if (what.startsWith('-')) return what
  const tool = join(bin, what)
  return existsSync(tool) ? realpathSync(tool) : resolve(root, what)
}

/** Exit code and signals are the command's own; where the system can do it, so is the process. */
function become(file, args) {
  if (process.execve && process.platform !== 'win32') process.execve(file, [file, ...args], process.env)
  const child = spawn(file, args, { stdio: 'inherit' })
  // A terminal sends Ctrl-C to the whole group itself; passing it on would make it two.
  const atTerminal = [0, 1, 2].some((fd) => isatty(fd))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => (signal === 'SIGINT' && atTerminal ? undefined : child.kill(signal)))
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
