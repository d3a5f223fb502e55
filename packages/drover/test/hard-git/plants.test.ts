import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeHard, type HardWorld } from './hard-world.ts'

interface Plant {
  /** What the agent writes, in its worktree; `$RING` is a program that leaves a mark whenever anything runs it. */
  plant: string
  /** What plain git then does, there and at once: it must ring, or this shows nothing. */
  plain: string
  /** How the task rests, and in which words, where it does not simply land. */
  rests?: [status: string, words: RegExp]
}

const everywhere = (attribute: string) => `mkdir -p "$C/info"; echo '* ${attribute}' > "$C/info/attributes"`
const look = /\.git\/config.*drover doctor --trust/s

const plants: Record<string, Plant> = {
  hooks: {
    plant:
      'mkdir -p "$C/hooks"; for h in pre-commit commit-msg post-commit post-checkout post-index-change reference-transaction; do cp "$RING" "$C/hooks/$h"; done',
    plain: 'git update-ref refs/heads/plain HEAD </dev/null',
  },
  'hooks-path': {
    plant:
      'mkdir -p "$MARKS/hooks"; cp "$RING" "$MARKS/hooks/reference-transaction"; git config core.hooksPath "$MARKS/hooks"',
    plain: 'git update-ref refs/heads/plain2 HEAD </dev/null',
  },
  fsmonitor: { plant: 'git config core.fsmonitor "$RING"', plain: 'git status' },
  'ssh-command': { plant: 'git config core.sshCommand "$RING"', plain: 'git ls-remote ssh://nowhere.invalid/x' },
  alias: { plant: 'git config alias.update-ref "!$RING"; git config alias.st "!$RING"', plain: 'git st </dev/null' },
  'external-diff': {
    plant: 'git config diff.external "$RING"',
    plain: 'echo x >> README.md; git diff; git checkout -q README.md',
  },
  pager: { plant: 'git config core.pager "$RING"; git config core.editor "$RING"', plain: 'git commit --allow-empty' },
  signing: {
    plant: 'git config gpg.program "$RING"; git config commit.gpgSign true',
    plain: 'git commit --allow-empty -qm x',
  },
  swapped: {
    plant:
      'rm .git; git init -q "$MARKS/evil"; git -C "$MARKS/evil" config core.fsmonitor "$RING"; echo "gitdir: $MARKS/evil/.git" > .git',
    plain: 'git status',
  },
  filter: {
    plant: `git config filter.e.clean "$RING"; git config filter.e.smudge "$RING"; ${everywhere('filter=e')}`,
    plain: 'touch README.md; git add README.md',
    rests: ['failed', look],
  },
  included: {
    plant: `printf '[filter "i"]\\nclean = %s\\nsmudge = %s\\n' "$RING" "$RING" > "$MARKS/more"; git config "includeIf.gitdir:**.path" "$MARKS/more"; ${everywhere('filter=i')}`,
    plain: 'touch README.md; git add README.md',
    rests: ['failed', look],
  },
  merge: {
    plant: `git config merge.e.driver "$RING"; ${everywhere('merge=e')}`,
    plain:
      'for n in 1 2; do git checkout -q --detach main; echo $n > README.md; git commit -qam $n; eval c$n=$(git rev-parse HEAD); done; git merge -q $c1; git merge --abort; git reset -q --hard main',
    rests: ['blocked(review)', look],
  },
  textconv: {
    plant: `git config diff.e.textconv "$RING"; ${everywhere('diff=e')}`,
    plain: 'echo x >> README.md; git diff; git checkout -q README.md',
    rests: ['blocked(review)', look],
  },
}

/** As it was before somebody planted anything. */
function weed(world: HardWorld, config: string): void {
  writeFileSync(join(world.root, '.git/config'), config)
  for (const name of ['hooks', 'info/attributes'])
    rmSync(join(world.root, '.git', name), { recursive: true, force: true })
}

test('what an agent plants for git to run is run by plain git, and never by drover', async (t) => {
  const world = await makeHard(t, { settings: 'workers = 1\nmax_attempts = 1\n[land]\ngate = "true"\n' })
  const [ring, rang] = [join(world.marks, 'ring'), join(world.marks, 'rang')]
  writeFileSync(ring, `#!/bin/sh\ntouch '${rang}'\n`)
  chmodSync(ring, 0o755)
  const config = readFileSync(join(world.root, '.git/config'), 'utf8')
  for (const [id, { plant, plain, rests }] of Object.entries(plants)) {
    const see = `(${plain}) >/dev/null 2>&1 || true; if [ -f "$MARKS/rang" ]; then mv "$MARKS/rang" "$MARKS/seen-${id}"; fi`
    await world.add(id, `RING='${ring}'; C="$DROVER_ROOT/.git"; ${plant}; ${see}; echo work > ${id}.txt`)
    await world.drover('run')
    await world.drover('diff', id)
    await world.drover('status')
    assert.equal(existsSync(join(world.marks, `seen-${id}`)), true, `plain git does not run ${id}`)
    assert.equal(existsSync(rang), false, `drover ran ${id}`)
    assert.equal(await world.status(id), rests?.[0] ?? 'completed', id)
    if (rests) {
      const words = (await world.note(id)) || ((await world.task(id)).lastError ?? '')
      assert.match(words, rests[1], id)
      world.assertNothingLost('work\n')
    } else assert.equal(world.landed(`${id}.txt`), 'work')
    weed(world, config)
    if (rests?.[0] !== 'blocked(review)') continue
    await world.ok('resolve', id)
    await world.drover('run')
    assert.equal(world.landed(`${id}.txt`), 'work', `${id} lands once a person has looked`)
  }
  assert.equal(world.git('status', '--porcelain'), '')
})

test('attributes that an agent changes are for a person to see before they land', async (t) => {
  const world = await makeHard(t)
  await world.add('attributes', 'mkdir deep; echo "*.txt binary" > deep/.gitattributes; echo 1 > deep/one.txt')
  await world.run(8)
  assert.equal(await world.status('attributes'), 'blocked(review)')
  assert.match(
    await world.note('attributes'),
    /deep\/\.gitattributes.*drover diff attributes.*drover resolve attributes/,
  )
  await world.ok('resolve', 'attributes')
  await world.run()
  assert.equal(world.read('deep/one.txt'), '1\n')
})
