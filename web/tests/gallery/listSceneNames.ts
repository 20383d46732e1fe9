/** Names of the scenes in listScenes.tsx, which is loaded only for one of them: its styles are those of a whole page. */
export const LIST_SCENE_NAMES = [
  'list',
  'listLoading',
  'listFailed',
  'listEmpty',
  'listOffline',
  'listStale',
  'listNoMatch',
  'listFiltered',
  'listChosen',
  'listOneChosen',
  'listThousands',
  'listMany',
  'demoMail',
  'demoWebhooks',
] as const;
export type ListSceneName = (typeof LIST_SCENE_NAMES)[number];
