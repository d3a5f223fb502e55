/** What drover stands on: room on the disk, and its own ledger. Cheap to ask: it looks at most every few seconds. */
export interface Ground {
  /** In words, why nothing new may begin now; nothing while all is well. Throws when the ledger's file is gone: what is written now would be lost. */
  lacks(): string | undefined
}
