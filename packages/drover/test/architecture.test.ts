import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path/posix'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { circles, codeOf, importsOf, isBarrel, lines, type Source, withoutComments } from './support/source.ts'

/** Who may stand on whom. A folder or file of src/ that has no row here may not exist. */
const adapters = ['ledger', 'runtimes', 'workspace', 'drivers', 'judges', 'isolation', 'feeds']
/** The one place where a port gets its adapter, a file for each thing that is loaded apart. */
const openers = ['agents', 'crew', 'ledger', 'runtime', 'workspace'].map((name) => `app/open-${name}.ts`)
const standsOn: Record<string, string[]> = {
  domain: [],
  ports: ['domain'],
  flow: ['domain', 'ports'],
  ...Object.fromEntries(adapters.map((adapter) => [adapter, ['domain', 'ports']])),
  app: ['domain', 'ports', 'flow'],
  ...Object.fromEntries(openers.map((file) => [file, ['app', 'domain', 'ports', 'flow', ...adapters]])),
  cli: ['domain', 'ports', 'flow', 'app'],
  'main.ts': ['domain', 'app', 'cli'],
}
const standsOnNoPackage = ['domain', 'ports', 'flow']
const seesPackageJson = ['app', 'cli', 'main.ts']

// Raw SQL or a query builder, up to the condition: which status a row must have may be asked anywhere.
const statusWrites = new RegExp(
  [
    /\bupdate\s+["`]?task["`]?\s+set\b(?:(?!\bwhere\b)[^;])*?\bstatus["`]?\s*=/,
    /\b(?:insert(?:\s+or\s+\w+)?|replace)\s+into\s+["`]?task\b/,
    /\bupdateTable\(\s*["'`]task["'`]\s*\)(?:(?!\.where\b)[^;])*?\.set\([^;]*?\bstatus\b/,
    /\b(?:insert|replace)Into\(\s*["'`]task["'`]/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gi',
)

const linesPerFile = 300
/** File: why it is one idea all the same. */
const longFiles: Record<string, string> = { 'domain/error.ts': 'one table, with a row for every error' }
const linesPerFolder: Record<string, number> = {
  ports: 800,
  domain: 2300,
  flow: 3200,
  'flow/operations': 1700,
  'flow/prompt': 600,
  'flow/handoff': 650,
}

interface Rule {
  /** What is wrong with these files, each complaint beginning with the file's path. */
  check: (files: Source[]) => string[]
  breaks: Record<string, string>[]
  keeps?: Record<string, string>[]
}

const rules: Record<string, Rule> = {
  'a folder stands only on the folders below it': {
    check: (files) => files.flatMap(standing),
    breaks: [
      { 'domain/a.ts': "import { b } from '../ports/b.ts'" },
      { 'domain/a.ts': "import type { B } from 'valibot'" },
      { 'flow/a.ts': "import {\n  b,\n} from '../ledger/b.ts'" },
      { 'flow/operations/a.ts': "const { b } = await import('../../app/b.ts')" },
      { 'flow/a.ts': "import { join } from 'node:path'" },
      { 'ledger/a.ts': "export * from '../workspace/b.ts'" },
      { 'drivers/a.ts': "import '../flow/b.ts'" },
      { 'app/daemon.ts': "import { b } from '../ledger/b.ts'" },
      { 'cli/commands/a.ts': 'await import(`../../judges/${name}.ts`)' },
      { 'cli/a.ts': "import { b } from '../main.ts'" },
      { 'ledger/a.ts': "import pkg from '../../package.json' with { type: 'json' }" },
      { 'unheard-of/a.ts': 'export const a = 1' },
    ],
    keeps: [
      { 'flow/a.ts': "// import { b } from '../app/b.ts'\nimport type { B } from '../ports/b.ts'" },
      { 'app/open-ledger.ts': "import { a } from '../ledger/a.ts'\nimport { b } from './system.ts'" },
      { 'main.ts': "import pkg from '../package.json' with { type: 'json' }\nawait import('./cli/a.ts')" },
    ],
  },
  'imports make no circle': {
    check: circles,
    breaks: [
      { 'domain/a.ts': "import './b.ts'", 'domain/b.ts': "import './c.ts'", 'domain/c.ts': "import './a.ts'" },
      { 'cli/a.ts': "import './commands/b.ts'", 'cli/commands/b.ts': "import type { A } from '../a.ts'" },
    ],
    keeps: [{ 'cli/a.ts': "import './b.ts'\nimport './c.ts'", 'cli/b.ts': "import './c.ts'", 'cli/c.ts': '' }],
  },
  'ports are types only': {
    check: inFolders(['ports'], forbid(codeOf, /^export\s+(?:async\s+)?(?:const|let|function|class|enum)\b.*/gm)),
    breaks: [{ 'ports/a.ts': 'export const a = 1' }, { 'ports/a.ts': 'export async function a() {}' }],
    keeps: [{ 'ports/a.ts': 'export interface A {}\nexport type B = A' }],
  },
  'child processes start in app/system.ts alone': only('app/system.ts', {
    check: importing(/^(?:node:)?(?:child_process|cluster)$/),
    breaks: [{ 'workspace/git.ts': "import { spawn } from 'node:child_process'" }],
  }),
  'DBOS is known to runtimes/dbos.ts alone': only('runtimes/dbos.ts', {
    check: importing(/^@dbos-inc\//),
    breaks: [{ 'runtimes/sqlite.ts': "await import('@dbos-inc/dbos-sdk')" }],
  }),
  'the environment is read in app/load-config.ts alone': only('app/load-config.ts', {
    check: (files) => [
      ...files.flatMap(forbid(codeOf, /\bprocess\s*(?:\?\.|\.)\s*env\b|\{[^}]*\benv\b[^}]*\} = process\b/g)),
      ...importing(/^(?:node:)?process$/)(files),
    ],
    breaks: [
      { 'cli/a.ts': 'const home = process.env.HOME' },
      { 'cli/a.ts': 'const home = `${process.env.HOME}/x`' },
      { 'cli/a.ts': "import { env } from 'node:process'" },
      { 'cli/a.ts': 'const { env } = process' },
    ],
    keeps: [{ 'cli/a.ts': "const words = 'process.env' // process.env" }],
  }),
  'main.ts is the only exit': only('main.ts', {
    check: (files) => files.flatMap(forbid(codeOf, /\bprocess\.(?:exit|abort|reallyExit)\b/g)),
    breaks: [{ 'cli/commands/a.ts': 'process.exit(1)' }],
  }),
  'time and chance reach flow through the clock, and domain never': {
    check: inFolders(
      ['domain', 'flow'],
      forbid(
        codeOf,
        /\bDate\.now\b|\bnew Date(?:\(\s*\)|(?!\())|\bMath\.random\b|\bset(?:Timeout|Interval|Immediate)\b|\bperformance\b|\bcrypto\b|\brandomUUID\b/g,
      ),
    ),
    breaks: [
      'Date.now()',
      'new Date()',
      'Math.random()',
      'setTimeout(go, 1)',
      'performance.now()',
      'crypto.randomUUID()',
    ].map((words) => ({ 'flow/operations/a.ts': `export const a = ${words}` })),
    keeps: [
      { 'app/clock.ts': 'export const now = () => Date.now()' },
      { 'domain/a.ts': '/** not Date.now() */ export const a = 1' },
    ],
  },
  'a status is written where events are applied, and nowhere else': {
    check: (files) =>
      files
        .filter(({ path }) => !/^ledger\/(?:append|apply)[^/]*\.ts$/.test(path))
        .flatMap(forbid(withoutComments, statusWrites)),
    breaks: [
      { 'ledger/claim.ts': "sql(`update task set lease = ?, status = 'ready' where id = ?`)" },
      { 'flow/a.ts': 'UPDATE "task"\n  SET "status" = ?' },
      { 'ledger/a.ts': "db.updateTable('task').set({ lease: 1, status: 'ready' })" },
      { 'ledger/a.ts': 'insert into task (id, status) values (?, ?)' },
      { 'ledger/a.ts': "db.insertInto('task').values(row)" },
    ],
    keeps: [
      { 'ledger/append.ts': 'update task set status = ?' },
      { 'ledger/lease.ts': "update task set lease = ? where status = 'claimed'" },
      { 'ledger/a.ts': 'insert into task_need (a) values (?)' },
    ],
  },
  'nothing is `any`': {
    check: (files) =>
      files.flatMap(
        forbid(codeOf, /(?:[:<|&,([]|\b(?:as|satisfies|extends|keyof|readonly)\b|=>|=)\s*any\b(?!\s*[:.(=])/g),
      ),
    breaks: [
      'let a: any',
      'const a = b as any',
      'type A = Record<string, any>',
      'type A = () => any[]',
      'type A = any',
    ].map((text) => ({ 'domain/a.ts': text })),
    keeps: [{ 'domain/a.ts': 'await Promise.any(all) // any: any' }],
  },
  'exports have names': {
    check: (files) => files.flatMap(forbid(codeOf, /^\s*export\s+default\b|\bexport\s*\{[^}]*\bas\s+default\b/gm)),
    breaks: [{ 'domain/a.ts': 'export default 1' }, { 'domain/a.ts': 'export { a as default }' }],
  },
  'no file only passes on what others export': {
    check: (files) => files.filter(isBarrel).map(({ path }) => `${path} is a barrel`),
    breaks: [
      { 'domain/all.ts': "export * from './a.ts'\nexport type { B } from './b.ts'\n" },
      { 'domain/all.ts': "import { a } from './a.ts'\nexport {\n  a,\n}\n" },
    ],
    keeps: [{ 'domain/a.ts': "export * from './b.ts'\nexport const a = 1" }, { 'main.ts': "import './cli/a.ts'" }],
  },
  'a file is named after its one idea': {
    check: (files) =>
      files
        .filter(({ path }) => /(?:^|\/)(?:utils?|helpers?|common|misc|shared|index)(?:\.ts|\/)/.test(path))
        .map(({ path }) => `${path} says nothing`),
    breaks: [{ 'domain/utils.ts': '' }, { 'cli/helpers/a.ts': '' }, { 'flow/index.ts': '' }],
  },
  'a file fits in one sitting': {
    check: (files) =>
      files
        .filter((file) => lines(file) > linesPerFile && !longFiles[file.path])
        .map((file) => `${file.path} has ${lines(file)} lines`),
    breaks: [{ 'domain/a.ts': '\n'.repeat(linesPerFile + 1) }],
    keeps: [{ 'domain/a.ts': '\n'.repeat(linesPerFile) }],
  },
  'what drover means fits in an afternoon': {
    check: (files) =>
      Object.entries(linesPerFolder).flatMap(([folder, most]) => {
        const sum = files
          .filter((file) => dirname(file.path) === folder)
          .reduce((total, file) => total + lines(file), 0)
        return sum >= most ? [`${folder}/ has ${sum} lines, and is to stay under ${most}`] : []
      }),
    breaks: Object.entries(linesPerFolder).map(([folder, most]) => ({
      [`${folder}/a.ts`]: '\n'.repeat(most - 1),
      [`${folder}/b.ts`]: '\n',
    })),
  },
}

const src = fileURLToPath(new URL('../src/', import.meta.url))
const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.[cm]?[jt]sx?$/.test(path))
  .map((path): Source => ({ path: path.replaceAll('\\', '/'), text: readFileSync(join(src, path), 'utf8') }))

for (const [name, { check, breaks, keeps = [] }] of Object.entries(rules)) {
  describe(name, () => {
    test('in every file', () => assert.deepEqual(check(sources), []))
    test('and it is seen where it is not so', () => {
      for (const example of breaks) assert.notDeepEqual(check(imagined(example)), [], JSON.stringify(example))
      for (const example of keeps) assert.deepEqual(check(imagined(example)), [], JSON.stringify(example))
    })
  })
}

function imagined(example: Record<string, string>): Source[] {
  return Object.entries(example).map(([path, text]) => ({ path, text }))
}

function only(owner: string, rule: Rule): Rule {
  const allowed = rule.breaks.map((example) => ({ [owner]: Object.values(example).join('\n') }))
  return {
    check: (files) => rule.check(files.filter(({ path }) => path !== owner)),
    breaks: rule.breaks,
    keeps: [...(rule.keeps ?? []), ...allowed],
  }
}

function inFolders(folders: string[], check: (file: Source) => string[]) {
  return (files: Source[]) => files.filter(({ path }) => folders.includes(floorOf(path))).flatMap(check)
}

function importing(name: RegExp) {
  return (files: Source[]) =>
    files.flatMap((file) => importsOf(file).flatMap((to) => (name.test(to) ? [`${file.path} imports ${to}`] : [])))
}

function forbid(view: (text: string) => string, pattern: RegExp) {
  return ({ path, text }: Source) => [...view(text).matchAll(pattern)].map(([found]) => `${path} has "${found.trim()}"`)
}

function floorOf(path: string): string {
  return path.split('/')[0] ?? path
}

function standing(file: Source): string[] {
  const here = floorOf(file.path)
  const ground = standsOn[file.path] ?? standsOn[here]
  if (!ground) return [`${here} has no row in the table of who may stand on whom`]
  const allows = (to: string) => {
    if (!to.startsWith('.')) return !standsOnNoPackage.includes(here)
    const target = join(dirname(file.path), to)
    if (target === '../package.json') return seesPackageJson.includes(here)
    return [here, ...ground].includes(floorOf(target))
  }
  return importsOf(file).flatMap((to) => (allows(to) ? [] : [`${file.path} may not import ${to}`]))
}
