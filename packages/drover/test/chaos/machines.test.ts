import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { bundle } from '../../chaos/bundle.ts'
import { campaign, type Outcome } from '../../chaos/campaign.ts'
import { openDatabases } from '../../chaos/database.ts'
import { machinesCampaign } from '../../chaos/machines/campaign.ts'
import { deeds, planMachines } from '../../chaos/machines/plan.ts'
import { cellsWith, matrix } from '../../chaos/matrix.ts'
import { onPostgres } from '../support/postgres.ts'

/** Other places to die: in our transaction with DBOS's row in it, and between ours and DBOS's own. */
const deaths = ['task.claimed inside group', 'step record done machine']

const soundOf = ({ violation, evidence }: Outcome): string | undefined =>
  violation && `${violation.invariant}: ${violation.message}\n${evidence}`

await onPostgres(() => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-chaos-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const bundled = bundle(folder)

  test('three machines with one database do every task once, whatever is killed, frozen, cut and crashed meanwhile', async (t) => {
    const plan = { ...planMachines(seed, { machines: 3, tasks: 12, deeds: 10 }), leaseMs: 3_000 }
    assert.ok(new Set(plan.deeds.map(({ what }) => what)).size >= 6, 'it is a campaign of many kinds')
    assert.ok(plan.deeds.every(({ what }) => deeds.includes(what)))
    const outcome = await machinesCampaign(await bundled, plan)
    t.diagnostic([...outcome.hits].map(([what, times]) => `${what}: ${times}`).join(', '))
    assert.equal(soundOf(outcome), undefined, outcome.story.join('\n'))
    assert.ok(outcome.kills > 0)
  })

  test('one machine on PostgreSQL goes on from deaths in its transactions and beside those of DBOS', async () => {
    await using databases = await openDatabases()
    const cells = deaths.flatMap((name) => cellsWith(name))
    assert.equal(cells.length, deaths.length)
    const [plan] = [...{ [Symbol.iterator]: () => matrix(cells) }]
    const outcome = await campaign(await bundled, plan!, false, databases)
    assert.equal(soundOf(outcome), undefined)
    for (const name of deaths) assert.ok(outcome.strikes.includes(name), `${name}: nobody died there`)
  })
})

/** Of the campaign: most kinds of deeds are in it, and the machines see nothing of each other where that can be had. */
const seed = 46
