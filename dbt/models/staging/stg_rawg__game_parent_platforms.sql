with raw_games__parent_platforms as (

    {{ raw_table(source('raw', 'games__parent_platforms'), {
        'game_id': 'bigint',
        'platform__id': 'bigint',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    game_id,
    platform__id as parent_platform_id,
    _dlt_load_id as load_id
from raw_games__parent_platforms
