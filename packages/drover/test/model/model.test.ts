import { checked } from './checked.ts'
import { live, story } from './story.ts'

checked(
  'whatever people, agents and machines do, every task stands as the documents say, and none is lost',
  [story],
  (told) => live(told),
  {
    runs: 600,
  },
)
