{#- Tables whose rows belong to a game are built by load. A game's rows carry the load that its row in staging came
    with; every load of a game brings all of its rows, so a game is either up to date or replaced as a whole. -#}

{#- Condition for the rows of loads that are not built yet. It compares load ids with those built, not with the newest
    built, so a load that comes late is built as well. -#}
{% macro is_new_load(load_id="load_id") -%}
    {%- if is_incremental() -%}
    {{ load_id }} not in (select distinct built.load_id from {{ this }} as built)
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}


{#- The strategy `replace_games`: rows of games that have a newer load, or that have left the raw table, make place for
    what the model selected. The model names the staging model that decides in `meta.changes_with`. -#}
{% macro get_incremental_replace_games_sql(arguments) -%}
    {{ return(adapter.dispatch("replace_games_sql")(arguments, ref(config.get("meta")["changes_with"]))) }}
{%- endmacro %}

{% macro default__replace_games_sql(arguments, staged) -%}
    {%- set columns = get_quoted_csv(arguments["dest_columns"] | map(attribute="name")) -%}
    delete from {{ arguments["target_relation"] }} as built
    where not exists (
        select 1 from {{ staged }} as staged
        where staged.game_id = built.game_id
            and staged.load_id = built.load_id
    );
    insert into {{ arguments["target_relation"] }} ({{ columns }})
    select {{ columns }} from {{ arguments["temp_relation"] }}
{%- endmacro %}

{% macro snowflake__replace_games_sql(arguments, staged) -%}
    {{ return(snowflake_dml_explicit_transaction(default__replace_games_sql(arguments, staged))) }}
{%- endmacro %}
