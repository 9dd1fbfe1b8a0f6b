with raw_game_details__metacritic_platforms as (

    {{ raw_table(source('raw', 'game_details__metacritic_platforms'), {
        '_dlt_parent_id': 'bigint',
        'platform__platform': 'bigint',
        'metascore': 'bigint',
        'url': 'varchar'
    }) }}

)

select
    _dlt_parent_id as game_id,
    platform__platform as platform_id,
    metascore as metacritic_score,
    url as metacritic_url
from raw_game_details__metacritic_platforms
